/**
 * `deno task guest small|full DIR [--arch x86_64|aarch64]`: puts a guest's files into a directory.
 *
 * They come from the cache that the tests use, and are built into it when they are not there.
 */
import { CocoonError, EXIT_CODES, messageOf } from "../../errors/error.ts";
import { fullGuest, smallGuest } from "./cache.ts";
import type { GuestArch } from "./lib/arch.ts";
import { run } from "./lib/tools.ts";

const USAGE = "usage: deno task guest small|full DIR [--arch x86_64|aarch64]";

/** What the command line asks for. */
export interface BuildRequest {
  guest: "small" | "full";
  dir: string;
  arch: GuestArch;
}

/** @throws {CocoonError} `usage` when the words make no request */
export function parseRequest(args: readonly string[]): BuildRequest {
  const words: string[] = [];
  let arch: string | undefined;
  for (let i = 0; i < args.length; i++) {
    const word = args[i] ?? "";
    if (word === "--arch") arch = args[++i] ?? "";
    else if (word.startsWith("--arch=")) arch = word.slice("--arch=".length);
    else if (word.startsWith("-")) throw wrong(`unknown option ${word}`);
    else words.push(word);
  }
  const [guest, dir, ...rest] = words;
  if (guest !== "small" && guest !== "full") throw wrong(`unknown guest "${guest ?? ""}"`);
  if (dir === undefined || rest.length > 0) throw wrong("exactly one directory is needed");
  arch ??= guest === "full" ? Deno.build.arch : "x86_64";
  if (arch !== "x86_64" && arch !== "aarch64") throw wrong(`unknown architecture "${arch}"`);
  if (guest === "full" && arch !== Deno.build.arch) {
    throw wrong(`the full guest is built for this computer's architecture only, not for ${arch}`);
  }
  return { guest, dir, arch };
}

function wrong(message: string): CocoonError {
  return new CocoonError("usage", message, { hint: USAGE });
}

/** Copies of the guest's files; holes stay holes. */
async function put({ guest, dir, arch }: BuildRequest): Promise<void> {
  const files = Object.values(guest === "small" ? await smallGuest(arch) : await fullGuest());
  await Deno.mkdir(dir, { recursive: true });
  await run("cp", ["--reflink=auto", "--sparse=always", ...files, dir]);
  for (const file of files) console.log(`${dir}/${file.slice(file.lastIndexOf("/") + 1)}`);
}

if (import.meta.main) {
  try {
    await put(parseRequest(Deno.args));
  } catch (error) {
    console.error(`guest: ${messageOf(error)}`);
    if (error instanceof CocoonError && error.hint !== undefined) console.error(error.hint);
    Deno.exit(error instanceof CocoonError ? EXIT_CODES[error.code] : 1);
  }
}
