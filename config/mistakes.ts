import { CocoonError, messageOf } from "../errors/error.ts";
import { formatPath, type Mistake } from "./check.ts";
import { SETTINGS } from "./settings.ts";
import type { ConfigFile } from "./types.ts";

/**
 * One error for each mistake, with its place in the file if it has one; in the order of the
 * places. Without a file, only a setting that a plugin demands can be at fault.
 */
export async function mistakesInFile(
  file: ConfigFile | undefined,
  mistakes: readonly Mistake[],
): Promise<CocoonError[]> {
  const { PlaceIndex } = await import("./positions.ts");
  const places = new PlaceIndex(file?.text ?? "");
  return mistakes.map(({ path, at, message }) => {
    const place = places.find(path, at);
    return new CocoonError(
      "usage",
      `${formatPath(path)}: ${message}`,
      file === undefined || place === undefined ? {} : { position: { file: file.path, ...place } },
    );
  }).sort(byPosition);
}

/** Orders errors by their places in one file; those without a place come first. */
export function byPosition(a: CocoonError, b: CocoonError): number {
  return (a.position?.line ?? 0) - (b.position?.line ?? 0) ||
    (a.position?.column ?? 0) - (b.position?.column ?? 0);
}

/** One error for each mistake in the environment, by the name of its variable. */
export function mistakesInEnvironment(mistakes: readonly Mistake[]): CocoonError[] {
  return mistakes.map(({ path, message }) => {
    const setting = SETTINGS.find(({ key }) => key === path.join("."));
    return new CocoonError("usage", `${setting?.variable ?? formatPath(path)}: ${message}`);
  });
}

/** The error of a text that is no TOML; `error` is the parser's. */
export function syntaxError({ path, text }: ConfigFile, error: unknown): CocoonError {
  const [reason = "", ...excerpt] = messageOf(error).split("\n");
  const { line, column } = positionIn(error);
  const message = `not TOML: ${reason.replace(/^Invalid TOML document: /, "")}`;
  const lines = excerpt.filter((text) => text.trim() !== "");
  const hint = syntaxHint(reason, text.split("\n")[line - 1] ?? "");
  return new CocoonError("usage", [message, ...lines].join("\n"), {
    cause: error,
    position: { file: path, line, column },
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What one writes wrong most often, by the parser's reason and the line where it stopped. */
function syntaxHint(reason: string, line: string): string | undefined {
  if (/redefine/.test(reason)) return "A key and a table may stand once: put both into one.";
  if (/^\s*\[[^\]]*$/.test(line)) return "The name of a table stands in brackets: [defaults]";
  // A value that begins with no quote, bracket or brace.
  return /^[^=]*=\s*[^\s"'[{]/.test(line)
    ? 'Texts, sizes and times stand in quotes, for example memory = "2G".'
    : undefined;
}

/** Where the parser stopped; its errors carry that beside the message. */
function positionIn(error: unknown): { line: number; column: number } {
  const { line, column } = Object(error);
  return {
    line: typeof line === "number" ? line : 1,
    column: typeof column === "number" ? column : 1,
  };
}
