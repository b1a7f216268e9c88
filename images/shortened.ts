import { CocoonError } from "../errors/error.ts";

/** The error for a disk or a CD that is shorter than it says itself. */
export function shortened(
  format: "raw" | "iso",
  saidBytes: number,
  fileBytes: number,
): CocoonError {
  const whose = format === "iso" ? "the file system of the CD" : "its partition table (GPT)";
  return new CocoonError(
    "failed",
    `it is cut off: ${whose} says that it has ${saidBytes} bytes, and there are ${fileBytes}`,
    { hint: "Fetch it again, and compare its digest with the published one." },
  );
}
