import { CocoonError, joinErrors, messageOf } from "../errors/error.ts";
import { absolute, join } from "../host/path.ts";
import type { Host } from "../plugins/contract.ts";
import { environmentInput, variable } from "./environment.ts";
import { resolve } from "./resolve.ts";
import type { FileInput, FileOutput } from "./schema.ts";
import type { Config, ConfigFile, Overrides } from "./types.ts";

/** Where a configuration file is looked for. */
export interface FileOptions {
  host: Pick<Host, "env">;
  /** The home, which holds the default file. */
  homePath: string;
  /** File of the flag `--config`. */
  file?: string;
}

/** What the configuration is made from. */
export interface LoadOptions extends FileOptions {
  host: Pick<Host, "env" | "os" | "architecture">;
  /** Values of the command's own flags. */
  overrides: Overrides;
}

/** Where the configuration file is, and who says so. */
export interface FileLocation {
  path: string;
  /** `--config`, `COCOON_CONFIG`, or `default`: the file of the home, which may be missing. */
  namedBy: "--config" | "COCOON_CONFIG" | "default";
}

/** Finds the configuration file: `--config`, else `COCOON_CONFIG`, else `config.toml` in the home. */
export function locateFile(options: FileOptions): FileLocation {
  if (options.file !== undefined) return { path: absolute(options.file), namedBy: "--config" };
  const named = variable(options.host, "COCOON_CONFIG");
  if (named !== undefined) return { path: absolute(named), namedBy: "COCOON_CONFIG" };
  return { path: join(absolute(options.homePath), "config.toml"), namedBy: "default" };
}

/**
 * Loads the configuration in force.
 * @throws {CocoonError} `not-found` when a file that was named is missing; `usage` with every
 * mistake of the file and of the environment
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { host, overrides } = options;
  const file = readFile(locateFile(options));
  const fromFile = file === undefined ? checked({}) : await checkFile(file);
  const fromEnvironment = await checkEnvironment(host);
  const errors = [...fromFile.errors, ...fromEnvironment.errors];
  if (errors.length > 0) throw joinErrors(errors);
  return resolve({
    host,
    file,
    fileOutput: fromFile.output,
    environmentOutput: fromEnvironment.output,
    overrides,
  });
}

interface Checked {
  output: FileOutput;
  errors: CocoonError[];
}

function checked(output: FileOutput): Checked {
  return { output, errors: [] };
}

function wrong(errors: CocoonError[]): Checked {
  return { output: {}, errors };
}

function readFile({ path, namedBy }: FileLocation): ConfigFile | undefined {
  try {
    return { path, text: Deno.readTextFileSync(path) };
  } catch (cause) {
    if (cause instanceof Deno.errors.NotFound) {
      if (namedBy === "default") return undefined;
      throw new CocoonError("not-found", `${path}: no such file (named by ${namedBy})`, { cause });
    }
    const why = cause instanceof Deno.errors.PermissionDenied
      ? "permission denied"
      : messageOf(cause);
    throw new CocoonError("host-lacks", `${path}: cannot be read: ${why}`, { cause });
  }
}

async function checkFile(file: ConfigFile): Promise<Checked> {
  const { parse } = await import("smol-toml");
  let input: FileInput;
  try {
    input = parse(file.text);
  } catch (error) {
    const { syntaxError } = await import("./mistakes.ts");
    return wrong([syntaxError(file, error)]);
  }
  const { checkInput } = await import("./check.ts");
  const result = checkInput(input);
  if ("output" in result) return checked(result.output);
  const { mistakesInFile } = await import("./mistakes.ts");
  return wrong(await mistakesInFile(file, result.mistakes));
}

async function checkEnvironment(host: Pick<Host, "env">): Promise<Checked> {
  const input = environmentInput(host);
  if (Object.keys(input).length === 0) return checked({});
  const { checkInput } = await import("./check.ts");
  const result = checkInput(input);
  if ("output" in result) return checked(result.output);
  const { mistakesInEnvironment } = await import("./mistakes.ts");
  return wrong(mistakesInEnvironment(result.mistakes));
}
