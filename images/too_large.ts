import { formatSize } from "../config/size.ts";
import { CocoonError } from "../errors/error.ts";

/** The error for a source or a disk that is longer than anything that is read. */
export function tooLarge(maxBytes: number): CocoonError {
  return new CocoonError(
    "failed",
    `it is larger than ${formatSize(maxBytes)}, the most that is read`,
    {
      hint:
        "A disk image of that size is most likely a mistake. Shrink it: qemu-img resize --shrink",
    },
  );
}
