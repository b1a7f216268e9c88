/**
 * Why an exchange with a QMP server failed:
 * - `unreachable`: nobody listens on the socket, or there is no socket;
 * - `timeout`: the deadline passed (a monitor serves one client at a time and lets others wait);
 * - `closed`: the connection ended, by either side, before the answer came;
 * - `interrupted`: the caller's signal was aborted;
 * - `protocol`: what came is not QMP;
 * - `command`: the server understood the command and refused it.
 */
export type QmpFailure =
  | "unreachable"
  | "timeout"
  | "closed"
  | "interrupted"
  | "protocol"
  | "command";

/** A failed exchange with a QMP server. */
export class QmpError extends Error {
  override readonly name = "QmpError";
  readonly reason: QmpFailure;
  /** The server's error class (`GenericError`, `CommandNotFound`, ...) for reason `command`. */
  readonly errorClass: string | undefined;

  constructor(
    reason: QmpFailure,
    message: string,
    options: { errorClass?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.reason = reason;
    this.errorClass = options.errorClass;
  }
}
