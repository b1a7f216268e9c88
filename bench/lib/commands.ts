/** Programs as subjects: whole processes, from their start to their end. */
import { CocoonError } from "../../errors/error.ts";
import { cocoonArgv, cocoonEnv } from "../../tests/support/cocoon.ts";
import type { Subject } from "./turns.ts";

/** Runs a program to its end. @throws {CocoonError} with what it wrote, unless it exits with 0 */
export async function runProgram(
  argv: readonly [string, ...string[]],
  env?: Record<string, string>,
): Promise<string> {
  const [program, ...args] = argv;
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(program, {
      args,
      stdin: "null",
      ...(env === undefined ? {} : { env, clearEnv: true }),
    }).output();
  } catch (cause) {
    throw new CocoonError("host-lacks", `${program}: cannot be started: ${cause}`, { cause });
  }
  if (output.success) return new TextDecoder().decode(output.stdout);
  const stderr = new TextDecoder().decode(output.stderr).trim();
  throw new CocoonError("failed", `${argv.join(" ")}: exit ${output.code}: ${stderr}`);
}

/** `cocoon ARGS` from source, for a home. */
export function runCocoon(home: string, args: readonly string[]): Promise<string> {
  return runProgram(cocoonArgv(args), cocoonEnv({ path: home }));
}

/** A program as a subject. */
export function program(name: string, argv: readonly [string, ...string[]]): Subject {
  return { name, run: async () => void await runProgram(argv) };
}

/** A command of cocoon as a subject. */
export function cocoon(name: string, home: string, args: readonly string[]): Subject {
  return { name, run: async () => void await runCocoon(home, args) };
}

/** Deno that runs nothing: what every program that Deno runs takes. `folder` gets the script. */
export async function emptyScript(name: string, folder: string): Promise<Subject> {
  const script = `${folder}/empty.ts`;
  await Deno.writeTextFile(script, "");
  return program(name, [Deno.execPath(), "run", "-A", "--no-check", script]);
}
