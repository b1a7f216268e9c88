/**
 * `deno task compile [--output PATH] [--target TRIPLE] [--list]`: one file that holds the program
 * and its runtime. With `--list` it is made for its table of contents, which is printed, and
 * thrown away.
 *
 * The runtime is downloaded by Deno once a version. `DENORT_BIN=PATH` takes another file in its
 * place; with the path of `deno` itself, compiling works without a network, and gives a file that
 * has all the contents but does not run.
 */
import { CocoonError } from "../errors/error.ts";
import { embeddedFiles } from "./embedded.ts";
import { REPOSITORY, runTool } from "./main.ts";
import { filesBelow } from "./test_files.ts";

/** Options of {@linkcode compile}. */
export interface CompileOptions {
  /** Path of the executable to make. */
  output: string;
  /** Target triple, such as `aarch64-apple-darwin`; this computer's own without it. */
  target?: string;
  /** A runtime to use in place of the downloaded one. */
  runtime?: string;
}

/**
 * Modules that no `import` with a literal name leads to, so that they must be named: what the
 * import map gives to users' plugins, and the entries of worker threads.
 */
export function extraModules(): string[] {
  const workers = filesBelow(REPOSITORY, (path) => /(^|[/_])worker\.ts$/.test(path))
    .filter((path) => !path.startsWith("tests/"));
  return ["plugins/mod.ts", ...workers];
}

/**
 * Compiles the program.
 * @returns the embedded files: paths relative to the repository, and packages as
 * `.deno_compile_node_modules/...`
 * @throws {CocoonError} `failed` with Deno's own words
 */
export async function compile(options: CompileOptions): Promise<string[]> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "compile",
      "--allow-all",
      "--no-check",
      // What only tests and rare tools import need not be in everybody's binary.
      "--exclude-unused-npm",
      ...extraModules().flatMap((path) => ["--include", path]),
      ...(options.target === undefined ? [] : ["--target", options.target]),
      "--output",
      options.output,
      "main.ts",
    ],
    cwd: REPOSITORY,
    env: {
      NO_COLOR: "1",
      ...(options.runtime === undefined ? {} : { DENORT_BIN: options.runtime }),
    },
    stdin: "null",
  }).output();
  const text = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  if (!success) {
    throw new CocoonError("failed", `deno compile: ${text.trim()}`, {
      hint: "If the runtime cannot be downloaded: give one with DENORT_BIN=PATH.",
    });
  }
  return embeddedFiles(text, REPOSITORY);
}

async function main(args: string[]): Promise<number> {
  const options = parse(args);
  if (options.list) {
    const directory = await Deno.makeTempDir({ prefix: "compile-" });
    try {
      const files = await compile({ ...options, output: `${directory}/cocoon` });
      console.log(files.join("\n"));
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
    return 0;
  }
  const files = await compile(options);
  const size = (await Deno.stat(options.output)).size;
  console.error(`${options.output}: ${Math.round(size / 1e6)} MB, ${files.length} files embedded`);
  return 0;
}

function parse(args: readonly string[]): CompileOptions & { list: boolean } {
  const options: CompileOptions & { list: boolean } = {
    output: `${REPOSITORY}/build/cocoon`,
    list: false,
  };
  const words = [...args];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    const value = word === "--output" || word === "--target" ? words.shift() : undefined;
    if (word === "--list") options.list = true;
    else if (word === "--output" && value) options.output = value;
    else if (word === "--target" && value) options.target = value;
    else {
      throw new CocoonError("usage", `compile: cannot understand "${word}"`, {
        hint: "Usage: deno task compile [--output PATH] [--target TRIPLE] [--list]",
      });
    }
  }
  return options;
}

if (import.meta.main) await runTool(main);
