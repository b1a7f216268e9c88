/** Why a request had no good answer. */
export type VfkitRestReason =
  /** Nobody listens at the socket. */
  | "unreachable"
  /** The connection ended before the answer. */
  | "closed"
  /** The deadline passed. */
  | "timeout"
  /** vfkit answered that it cannot do it. */
  | "refused"
  /** The answer is none of vfkit's. */
  | "garbage";

/** A request to vfkit's REST API that failed. */
export class VfkitRestError extends Error {
  override readonly name = "VfkitRestError";

  /**
   * @param status of the answer, where there was one
   */
  constructor(
    readonly reason: VfkitRestReason,
    message: string,
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
