/**
 * The one error class of cocoon, and the closed set of codes that decides the exit status.
 *
 * Every failure that a user can cause or meet is a {@linkcode CocoonError}: `message` says what
 * failed and why, `hint` says what to do next. Anything else that reaches the command line is a
 * defect of cocoon and is reported as one.
 */

/** Exit status by error code; the table of design section 6. */
export const EXIT_CODES = {
  /** The operation was tried and failed. */
  failed: 1,
  /** The command line or a configuration file is wrong; nothing was tried. */
  usage: 2,
  /** Something named by the user does not exist. */
  "not-found": 3,
  /** It exists already, is in use, or another command holds its lock. */
  conflict: 4,
  /** This computer lacks a program, a file or a permission; the hint installs or grants it. */
  "host-lacks": 5,
  /** The user interrupted the command; everything it had begun was undone. */
  interrupted: 130,
} as const;

/** What kind of failure an error is; see {@linkcode EXIT_CODES}. */
export type ErrorCode = keyof typeof EXIT_CODES;

/** Where in a file a mistake is; lines and columns count from 1. */
export interface SourcePosition {
  file: string;
  line: number;
  column: number;
}

/** Optional parts of a {@linkcode CocoonError}. */
export interface CocoonErrorOptions {
  /** What to do next: one or more full lines, without a trailing newline. */
  hint?: string;
  /** The error that led to this one; shown with `--debug` only. */
  cause?: unknown;
  /** Where in a configuration file the mistake is. */
  position?: SourcePosition;
}

/** A failure that a user can understand and act on. */
export class CocoonError extends Error {
  override readonly name = "CocoonError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly position: SourcePosition | undefined;

  /**
   * @param code decides the exit status
   * @param message what failed and why; starts with the thing it is about, has no full stop
   */
  constructor(code: ErrorCode, message: string, options: CocoonErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.position = options.position;
  }
}

/** The text of anything that was thrown, without a stack. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Names of the system's errors that mean "no room". */
const FULL: readonly unknown[] = ["ENOSPC", "EDQUOT"];

/** Whether a disk was full: by the system's word for it, or by SQLite's. */
export function isFullDisk(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && FULL.includes(error.code)) return true;
  return error.message === "database or disk is full";
}

/**
 * Whether a file was to become larger than its file system takes. Deno has no class and no code for
 * that, only the number of EFBIG, which is the same on Linux and macOS.
 */
export function isTooLargeFile(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && error.code === "EFBIG") return true;
  return /\(os error 27\)$/.test(error.message) || isTooLargeFile(error.cause);
}

/**
 * Several failures of one command on several things, kept apart so that none is lost.
 * The exit code is that of the first; the message has one line for each.
 */
export function joinErrors(errors: readonly CocoonError[]): CocoonError {
  const [first, ...rest] = errors;
  if (first === undefined) throw new TypeError("joinErrors() needs at least one error");
  if (rest.length === 0) return first;
  const hints = [...new Set(errors.map((e) => e.hint).filter((h) => h !== undefined))];
  return new CocoonError(first.code, errors.map((e) => e.message).join("\n"), {
    ...(hints.length > 0 ? { hint: hints.join("\n") } : {}),
    cause: new AggregateError(errors),
  });
}

/** The failures that were joined by {@linkcode joinErrors}, or the one error itself. */
export function splitErrors(error: CocoonError): CocoonError[] {
  if (!(error.cause instanceof AggregateError)) return [error];
  return error.cause.errors.filter((part) => part instanceof CocoonError).flatMap(splitErrors);
}
