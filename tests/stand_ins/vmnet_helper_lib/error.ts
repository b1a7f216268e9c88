/** An error after which vmnet-helper ends with status 1. */
export class HelperError extends Error {
  override readonly name = "HelperError";

  /**
   * @param message the line on standard error, without its `ERROR`
   * @param withUsage the usage follows it
   */
  constructor(message: string, readonly withUsage = false) {
    super(message);
  }
}

/** What the framework answers instead of an interface, by the name that vmnet-helper prints. */
export class VmnetError extends HelperError {
  constructor(call: string, status: string) {
    super(`[main] ${call}: ${status}`);
  }
}
