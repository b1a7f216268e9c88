import type { CocoonError } from "../../errors/error.ts";

/** What has been downloaded is of no use; the download begins from the first byte. */
export class StartAnew extends Error {
  override readonly name = "StartAnew";

  /**
   * @param failure what the user is told when no try is left
   * @param useRanges whether the server may be asked for parts of the file again
   */
  constructor(readonly failure: CocoonError, readonly useRanges: boolean) {
    super(failure.message);
  }
}
