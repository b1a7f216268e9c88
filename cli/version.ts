import { VERSION } from "../host/version.ts";
import { OUTPUT_ALIAS, type OutputFlag, outputFlag, switchFlag } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { printFacts } from "./output.ts";

interface Flags extends OutputFlag {
  verbose: boolean;
}

/** `cocoon version` */
export const command = defineCommand({
  parameters: {
    flags: {
      verbose: switchFlag("Also the programs of the backends, which are asked for it"),
      ...outputFlag,
    },
    aliases: { ...OUTPUT_ALIAS, v: "verbose" },
  },
  async run(context: Context, flags: Flags) {
    const { os, architecture } = context.host;
    const facts = { version: VERSION, os, architecture, deno: Deno.version.deno };
    const programs = flags.verbose ? await programsOf(context) : [];
    printFacts(
      context,
      flags.output,
      flags.verbose ? { ...facts, programs } : facts,
      [
        ...Object.entries(facts),
        ...programs.map(({ backend, program, found }) =>
          [backend, `${program}: ${found}`] as const
        ),
      ],
    );
  },
});

interface Program {
  backend: string;
  program: string;
  /** What the backend says of it: its version, or that it is missing. */
  found: string;
}

/** What the backends' own checks say of what they run. */
async function programsOf(context: Context): Promise<Program[]> {
  const { registryOf } = await import("./plugins.ts");
  const { backendSettings } = await import("../config/plugin_settings.ts");
  const config = await context.config();
  const registry = registryOf(config);
  const programs: Program[] = [];
  for (const name of registry.names("backend")) {
    const backend = await registry.backend(name);
    const findings = await backend.check(context.host, await backendSettings(config, backend));
    for (const { subject, message } of findings) {
      programs.push({ backend: name, program: subject, found: message });
    }
  }
  return programs;
}
