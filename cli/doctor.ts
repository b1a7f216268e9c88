import { backendSettings, networkSettings } from "../config/plugin_settings.ts";
import type { Config } from "../config/types.ts";
import { CocoonError, EXIT_CODES, messageOf } from "../errors/error.ts";
import type { Finding } from "../plugins/contract.ts";
import { selectStorage } from "../storage/select.ts";
import { OUTPUT_ALIAS, type OutputFlag, outputFlag } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { examineHome } from "./doctor_home.ts";
import { printList } from "./output.ts";
import { registryOf } from "./vm/launch_settings.ts";
import { formatPosition } from "./report.ts";

/** `cocoon doctor` */
export const command = defineCommand({
  description:
    "Looks for everything that cocoon needs on this computer, and says what mends it.\n" +
    "Exits with 5 when something is missing.",
  parameters: { flags: { ...outputFlag }, aliases: { ...OUTPUT_ALIAS } },
  async run(context: Context, flags: OutputFlag) {
    const findings = await examine(context);
    const marks = { ok: "ok", warning: "warning", error: "ERROR" };
    printList(context, flags.output, findings, [
      { header: "STATE", cell: ({ level }) => marks[level] },
      { header: "SUBJECT", cell: ({ subject }) => subject },
      { header: "FOUND", cell: ({ message }) => message },
    ]);
    if (flags.output === "table") {
      for (const { subject, fix } of findings) {
        if (fix !== undefined) context.stderr(`${subject}: ${fix}\n`);
      }
    }
    return findings.some(({ level }) => level === "error") ? EXIT_CODES["host-lacks"] : 0;
  },
});

async function examine(context: Context): Promise<Finding[]> {
  const findings: Finding[] = [ssh(context)];
  const home = context.home();
  findings.push(...await examineHome(home), await names(context));
  let config: Config;
  try {
    config = await context.config();
  } catch (error) {
    return [...findings, failed("configuration", error)];
  }
  findings.push({
    level: "ok",
    subject: "configuration",
    message: config.file?.path ?? "no file; the defaults hold",
  });
  const registry = registryOf(config);
  const { host } = context;
  const tasks: [subject: string, check: () => Promise<Finding[]>][] = [
    [`backend ${config.backend}`, async () => {
      const backend = await registry.backend(config.backend);
      return await backend.check(host, await backendSettings(config, backend));
    }],
    ...Object.entries(config.networks).map(([name, { provider }]) =>
      [`network ${name}`, async () => {
        const plugin = await registry.network(provider);
        return await plugin.check(host, await networkSettings(config, name, plugin));
      }] satisfies [string, () => Promise<Finding[]>]
    ),
    [`storage ${config.storage}`, async () => {
      if (config.storage !== "auto") {
        const driver = await registry.storage(config.storage);
        return await driver.check(host, home.machinesDir);
      }
      const backend = await registry.backend(config.backend);
      const settings = await backendSettings(config, backend);
      const { reason } = await selectStorage((name) => registry.storage(name), {
        host,
        directory: home.machinesDir,
        imageDirectory: home.imagesDir,
        diskFormats: backend.capabilities(host, settings).diskFormats,
      });
      return [{ level: "ok", subject: "storage auto", message: reason }];
    }],
  ];
  // One after the other: a check may run the hypervisor, and the lines keep their order.
  for (const [subject, check] of tasks) {
    try {
      findings.push(...await check());
    } catch (error) {
      findings.push(failed(subject, error));
    }
  }
  return findings;
}

function ssh(context: Context): Finding {
  const path = context.host.which("ssh");
  if (path !== undefined) return { level: "ok", subject: "ssh", message: path };
  return {
    level: "error",
    subject: "ssh",
    message: "not found; needed by vm ssh, vm cp and --wait ssh",
    fix: "sudo apt install openssh-client",
  };
}

/** Whether `ssh NAME` works. The line is the user's to add: cocoon never writes to `~/.ssh`. */
async function names(context: Context): Promise<Finding> {
  const { includeLine, includes } = await import("../guest/ssh_config.ts");
  const { readIfPresent } = await import("../guest/atomic_file.ts");
  const subject = "ssh NAME";
  const { sshConfigPath } = context.home();
  const userHome = context.host.env("HOME") ?? "";
  const own = `${userHome}/.ssh/config`;
  const text = await readIfPresent(own).catch(() => undefined);
  if (includes(text ?? "", sshConfigPath, userHome)) {
    return { level: "ok", subject, message: `${own} includes the machines that run` };
  }
  return {
    level: "ok",
    subject,
    message: "not set up; cocoon vm ssh NAME works without it",
    fix: `if you want it, make this the first line of ~/.ssh/config: ${
      includeLine(sshConfigPath, userHome)
    }`,
  };
}

function failed(subject: string, error: unknown): Finding {
  const known = error instanceof CocoonError ? error : undefined;
  const place = known?.position === undefined ? "" : `${formatPosition(known.position)}: `;
  return {
    level: "error",
    subject,
    message: `${place}${messageOf(error)}`,
    ...(known?.hint === undefined ? {} : { fix: known.hint }),
  };
}
