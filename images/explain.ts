import { CocoonError, messageOf } from "../errors/error.ts";

/**
 * Runs `body`, and puts the image's name in front of what it fails with. An error of the system
 * (it has a code such as `EACCES`) is a failure of this image, not a defect of cocoon.
 */
export async function explain<T>(subject: string, body: () => Promise<T>): Promise<T> {
  try {
    return await body();
  } catch (cause) {
    const message = `image "${subject}": ${messageOf(cause)}`;
    if (cause instanceof CocoonError) {
      const hint = cause.hint === undefined ? {} : { hint: cause.hint };
      throw new CocoonError(cause.code, message, { cause, ...hint });
    }
    if (cause instanceof Error && "code" in cause && typeof cause.code === "string") {
      throw new CocoonError("failed", message, { cause });
    }
    throw cause;
  }
}
