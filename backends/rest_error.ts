/** Errors of hypervisors that are controlled by HTTP: why a request had no good answer. */
export type RestReason =
  /** Nobody listens at the socket. */
  | "unreachable"
  /** The connection ended before the answer. */
  | "closed"
  /** The deadline passed. */
  | "timeout"
  /** The hypervisor answered that it cannot do it. */
  | "refused"
  /** The answer is none of the hypervisor's. */
  | "garbage";

/** A request to a hypervisor's REST API that failed. */
export class RestError extends Error {
  override readonly name = "RestError";

  /**
   * @param status of the answer, where there was one
   */
  constructor(
    readonly reason: RestReason,
    message: string,
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
