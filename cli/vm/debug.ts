import { CocoonError } from "../../errors/error.ts";
import type { LaunchPlan } from "../../plugins/contract.ts";
import type { MachineRecord } from "../../state/machine_record.ts";
import type { VmContext } from "../../vm/context.ts";
import { findMachine } from "../../vm/find.ts";
import { previewPlan } from "../../vm/plan.ts";
import { machineOrImageArgument, OUTPUT_ALIAS, type OutputFlag, outputFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { printJson } from "../output.ts";
import { dirname } from "../../host/path.ts";
import { quoteShell } from "../../host/shell.ts";
import { vmContext } from "./context.ts";
import { CREATE_ALIASES, CREATE_FLAGS, type CreateFlags } from "./create_flags.ts";

interface Flags extends CreateFlags, OutputFlag {}

/** `cocoon vm debug` */
export const command = defineCommand({
  description:
    "Prints how the machine would be started now: the command lines, ready to be pasted,\n" +
    "or with --output json the whole launch plan. Starts and changes nothing.\n" +
    "With an image that is stored and the flags of `vm create`: how a machine that is made so\n" +
    "would be started. Makes nothing, and gets no image.",
  parameters: {
    flags: { ...CREATE_FLAGS, ...outputFlag },
    aliases: { ...CREATE_ALIASES, ...OUTPUT_ALIAS },
    positional: { kind: "tuple", parameters: [machineOrImageArgument] },
  },
  async run(context: Context, { output, ...flags }: Flags, reference?: string) {
    const vm = await vmContext(context);
    const plan = await planOf(context, vm, flags, reference);
    if (output === "json") return printJson(context, plan);
    for (const line of preparations(plan)) context.stdout(`${line}\n`);
    for (const { role, argv, env } of plan.processes) {
      context.stdout(`# ${role}\n`);
      const assignments = Object.entries(env).map(([name, value]) =>
        `${name}=${quoteShell(value)}`
      );
      context.stdout([...assignments, ...argv.map(quoteShell)].join(" ") + "\n");
    }
  },
});

/** What a start does before the first program, as lines for a shell: folders, and files of 0600. */
function preparations({ files, control }: LaunchPlan): string[] {
  const folders = new Set([dirname(control.socketPath), ...files.map(({ path }) => dirname(path))]);
  return [
    "umask 077",
    `mkdir -p ${[...folders].map(quoteShell).join(" ")}`,
    ...files.map(({ path, source, onlyIfAbsent }) => {
      const target = quoteShell(path);
      const make = "copyOf" in source
        ? `cp ${quoteShell(source.copyOf)} ${target}`
        : `printf %s ${quoteShell(source.text)} > ${target}`;
      return onlyIfAbsent ? `test -e ${target} || ${make}` : make;
    }),
  ];
}

/** The plan of a machine that there is, else of one that the flags describe. */
async function planOf(
  context: Context,
  vm: VmContext,
  flags: CreateFlags,
  reference: string | undefined,
): Promise<LaunchPlan> {
  const machine = reference === undefined ? undefined : machineOf(vm, reference);
  if (machine !== undefined) {
    refuseFlags(flags, machine.name);
    return await previewPlan(vm, machine);
  }
  const { overridesOf, previewNewMachine } = await import("./make.ts");
  const config = await context.config(overridesOf(flags));
  try {
    return await previewNewMachine(context, vm, config, flags, reference);
  } catch (error) {
    // The word was perhaps meant for a machine.
    const isMeant = error instanceof CocoonError && error.code === "not-found" &&
      error.message.startsWith(`image "${reference}"`);
    if (!isMeant) throw error;
    throw new CocoonError(error.code, `machine "${reference}" does not exist; ${error.message}`, {
      hint: [error.hint, "List the machines: cocoon vm list"].filter(Boolean).join("\n"),
      cause: error,
    });
  }
}

function machineOf(vm: VmContext, reference: string): MachineRecord | undefined {
  try {
    return findMachine(vm.store, reference);
  } catch (error) {
    if (error instanceof CocoonError && error.code === "not-found") return undefined;
    throw error;
  }
}

/** A machine is what it was made as. */
function refuseFlags(flags: CreateFlags, name: string): void {
  const given: Record<string, unknown> = { ...flags };
  // Only these: the flags that every command has are among them.
  const isGiven = (name: string) => given[name] !== undefined && given[name] !== false;
  if (!Object.keys(CREATE_FLAGS).some(isGiven)) return;
  throw new CocoonError("usage", `machine "${name}" exists: its flags are those of its creation`, {
    hint: "Leave them out; or name the image of a machine that is to be made.",
  });
}
