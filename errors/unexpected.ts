import { CocoonError, messageOf } from "./error.ts";

/** Names of the system's errors that mean "no room". */
const FULL: readonly unknown[] = ["ENOSPC", "EDQUOT"];

/** Whether a disk was full: by the system's word for it, or by SQLite's. */
export function isFullDisk(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ("code" in error && FULL.includes(error.code)) return true;
  return error.message === "database or disk is full";
}

/**
 * What to tell of a failure that no part of cocoon has put into words. A full disk can meet any
 * write, and is the user's to mend; everything else is a defect.
 * @param subject put in front of the message, e.g. a machine's name
 */
export function explainUnexpected(error: unknown, subject?: string): CocoonError {
  const prefix = subject === undefined ? "" : `${subject}: `;
  if (isFullDisk(error)) {
    return new CocoonError("failed", `${prefix}no space left on the disk: ${messageOf(error)}`, {
      cause: error,
      hint: "Make room, for example with `cocoon gc` or `cocoon image rm`, and try again.",
    });
  }
  return new CocoonError("failed", `${prefix}internal error: ${messageOf(error)}`, {
    cause: error,
    hint: "This is a defect of cocoon. Please report it, with what --debug prints.",
  });
}
