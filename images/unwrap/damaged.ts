import { CocoonError } from "../../errors/error.ts";

/** The error for packed data that cannot be unpacked to its end. */
export function damaged(what: string, why: string, cause?: unknown): CocoonError {
  return new CocoonError("failed", `its ${what} data is damaged or cut off: ${why}`, {
    cause,
    hint: "Fetch it again, and compare its digest with the published one.",
  });
}
