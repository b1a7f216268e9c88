import { CocoonError } from "../../../errors/error.ts";
import { TOOL_PACKAGES } from "../packages.ts";

/** How a tool is run; see {@linkcode run}. */
export interface RunOptions {
  cwd?: string;
  /** Added to the environment. */
  env?: Record<string, string>;
  /** Given as standard input. */
  input?: string;
  signal?: AbortSignal;
}

/**
 * Runs a host tool to its end and returns its standard output.
 *
 * @throws {CocoonError} `host-lacks` when it is not installed (with the package that has it),
 * `failed` with the end of its standard error otherwise
 */
export async function run(
  tool: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(tool, {
      args: [...args],
      // Tools of administration are not on every user's path.
      env: { LC_ALL: "C", ...options.env, PATH: `${Deno.env.get("PATH") ?? ""}:/usr/sbin:/sbin` },
      stdin: options.input === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    }).spawn();
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound)) throw cause;
    throw missingTool(tool, cause);
  }
  if (options.input !== undefined) {
    // A tool that ends before it has read all says why by its exit status.
    await new Blob([options.input]).stream().pipeTo(child.stdin).catch(() => {});
  }
  const output = await child.output();
  if (!output.success) {
    const end = new TextDecoder().decode(output.stderr).trim().split("\n").slice(-8).join("\n");
    throw new CocoonError(
      "failed",
      `${tool} failed with status ${output.code}: ${end || "it said nothing"}`,
    );
  }
  return new TextDecoder().decode(output.stdout);
}

function missingTool(tool: string, cause: unknown): CocoonError {
  const name = TOOL_PACKAGES[tool];
  return new CocoonError("host-lacks", `"${tool}" is not installed; the guests are built with it`, {
    hint: name === undefined
      ? `Install ${tool}.`
      : `Install Debian's package ${name}: apt-get install -y ${name}`,
    cause,
  });
}
