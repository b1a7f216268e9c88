/** The two sides of `cocoon vm cp`. */
import { CocoonError } from "../errors/error.ts";

/** One side of a copy. */
export type CopyPath =
  | { kind: "local"; path: string }
  /** `path` is relative to the account's home unless it begins with a slash. */
  | { kind: "machine"; machine: string; path: string };

/** A copy between this computer and one machine. */
export interface CopyRequest {
  direction: "to-machine" | "from-machine";
  machine: string;
  localPath: string;
  remotePath: string;
}

/**
 * `NAME:PATH` is a path of a machine; all else is one of this computer, also a name with a colon
 * behind a slash: `./a:b`, `/tmp/a:b`.
 * @throws {CocoonError} `usage` when nothing stands before the colon, or nothing at all
 */
export function parseCopyPath(text: string): CopyPath {
  const colon = text.indexOf(":");
  const slash = text.indexOf("/");
  if (text === "") throw new CocoonError("usage", "copy: an empty path");
  if (colon < 0 || (slash >= 0 && slash < colon)) return { kind: "local", path: text };
  if (colon === 0) {
    throw new CocoonError("usage", `copy: ${JSON.stringify(text)} names no machine`, {
      hint: `Write NAME${text} for a machine's path, or ./${text} for a file here.`,
    });
  }
  return { kind: "machine", machine: text.slice(0, colon), path: text.slice(colon + 1) || "." };
}

/**
 * What `vm cp SOURCE TARGET` asks for.
 * @throws {CocoonError} `usage` unless exactly one side is a machine's
 */
export function parseCopy(source: string, target: string): CopyRequest {
  const [from, to] = [parseCopyPath(source), parseCopyPath(target)];
  if (from.kind === "local" && to.kind === "local") {
    throw new CocoonError("usage", "copy: neither side is a machine's path", {
      hint: `Write NAME:PATH for the machine's side, as in: cocoon vm cp ${source} web:/tmp/`,
    });
  }
  if (from.kind === "machine" && to.kind === "machine") {
    throw new CocoonError("usage", "copy: both sides are machines' paths", {
      hint:
        `Copy to a folder here first: cocoon vm cp -r ${source} ./ ; then from it to ${target}\n` +
        `A file here whose name has a colon: ./${source}`,
    });
  }
  if (from.kind === "machine") {
    const localPath = to.path;
    return { direction: "from-machine", machine: from.machine, localPath, remotePath: from.path };
  }
  const machine = to.kind === "machine" ? to.machine : "";
  return { direction: "to-machine", machine, localPath: from.path, remotePath: to.path };
}
