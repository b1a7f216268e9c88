import { CocoonError, EXIT_CODES, type SourcePosition } from "../errors/error.ts";
import { explainUnexpected } from "../errors/unexpected.ts";
import type { Outside } from "./context.ts";
import { printable } from "./text.ts";

/** How an error is shown. */
export interface ReportOptions {
  /** Add stacks and causes. */
  debug: boolean;
}

/** Exit status of a command that failed with `error`. */
export function exitCodeOf(error: unknown): number {
  return error instanceof CocoonError ? EXIT_CODES[error.code] : EXIT_CODES.failed;
}

/** Writes `error` to standard error: what failed, where, and what to do next. */
export function reportError(outside: Outside, error: unknown, options: ReportOptions): void {
  const color = outside.isTerminal.stderr && (outside.host.env("NO_COLOR") ?? "") === "";
  outside.stderr(formatError(error, { ...options, color }));
}

/**
 * The text of an error. Each failure has its own lines, with its place in front if it has one;
 * the hints follow, each once.
 */
export function formatError(error: unknown, options: ReportOptions & { color: boolean }): string {
  const paint = options.color ? ansi : (_code: number, text: string) => text;
  const failures = failuresIn(error);
  const lines = failures.flatMap(({ message, position }) => {
    const prefix = position === undefined ? "cocoon" : formatPosition(position);
    // Some messages name their file themselves, for where they are shown without the place.
    const own = position === undefined ? "" : `${position.file}: `;
    const text = message.startsWith(own) ? message.slice(own.length) : message;
    const [first = "", ...rest] = text.split("\n").map(printable);
    return [`${paint(RED, `${prefix}:`)} ${first}`, ...rest];
  });
  for (const hint of new Set(failures.flatMap(({ hint }) => hint === undefined ? [] : [hint]))) {
    const [first = "", ...rest] = hint.split("\n").map(printable);
    lines.push(`${paint(CYAN, "hint:")} ${first}`, ...rest.map((line) => `      ${line}`));
  }
  if (options.debug) lines.push(...stackOf(error));
  return lines.join("\n") + "\n";
}

/** `FILE:LINE:COLUMN`, as compilers write it and editors read it. */
export function formatPosition({ file, line, column }: SourcePosition): string {
  return `${file}:${line}:${column}`;
}

const RED = 31;
const CYAN = 36;

function ansi(code: number, text: string): string {
  return `\x1b[${code}m${text}\x1b[0m`;
}

interface Failure {
  message: string;
  position: SourcePosition | undefined;
  hint: string | undefined;
}

/** The failures that an error stands for: those that were joined, each with its own place. */
function failuresIn(error: unknown): Failure[] {
  if (!(error instanceof CocoonError)) return [explainUnexpected(error)];
  return error.cause instanceof AggregateError ? error.cause.errors.flatMap(failuresIn) : [error];
}

function stackOf(error: unknown): string[] {
  const lines: string[] = [];
  let current: unknown = error;
  while (current !== undefined) {
    lines.push(current instanceof Error ? current.stack ?? String(current) : String(current));
    current = current instanceof Error ? current.cause : undefined;
    if (current !== undefined) lines.push("Caused by:");
  }
  return lines;
}
