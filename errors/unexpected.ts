import { CocoonError, isFullDisk, messageOf } from "./error.ts";

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
