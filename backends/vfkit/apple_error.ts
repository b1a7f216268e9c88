/** Errors of Virtualization.framework as vfkit prints them. */

/** One error, taken apart. */
export interface AppleError {
  /** `VZErrorDomain`, usually. */
  domain: string;
  code: number;
  description: string;
  /** `NSLocalizedFailureReason`, where there is one. */
  reason: string;
}

/**
 * The last `Error Domain=... Code=N Description="..." UserInfo={...}` of a text, which may go over
 * several lines; undefined when there is none.
 */
export function parseAppleError(text: string): AppleError | undefined {
  const start = text.lastIndexOf("Error Domain=");
  if (start < 0) return undefined;
  const tail = text.slice(start);
  const head = /^Error Domain=(\S+) Code=(-?\d+)/.exec(tail);
  if (head === null) return undefined;
  return {
    domain: head[1] ?? "",
    code: Number(head[2]),
    description: quoted(tail, / Description="/),
    reason: quoted(tail, /NSLocalizedFailureReason = "/),
  };
}

/** The text behind `opening` up to the next quote; Apple's own quotes inside are curly. */
function quoted(text: string, opening: RegExp): string {
  const match = opening.exec(text);
  if (match === null) return "";
  const start = match.index + match[0].length;
  const end = text.indexOf('"', start);
  return text.slice(start, end < 0 ? undefined : end);
}
