/**
 * Errors of Apple's Virtualization framework in the form in which vfkit prints them. The reasons
 * are those of public reports where there are any; a driver may rely on domain and code alone.
 */
import { VfkitError } from "./error.ts";

/** An `NSError` of the framework. */
export class AppleError extends VfkitError {
  override readonly name = "AppleError";

  /**
   * @param code of `VZErrorDomain`
   * @param failure first sentence
   * @param reason second sentence
   */
  constructor(readonly code: number, failure: string, reason: string) {
    super(
      `Error Domain=VZErrorDomain Code=${code} Description="${failure} ${reason}" UserInfo={\n` +
        `    NSLocalizedFailure = "${failure}";\n    NSLocalizedFailureReason = "${reason}";\n}`,
    );
  }
}

export function internalError(reason: string): AppleError {
  return new AppleError(1, "Internal Virtualization error.", reason);
}

export function invalidConfiguration(reason: string): AppleError {
  return new AppleError(2, "Invalid virtual machine configuration.", reason);
}

/** @param from state as the framework spells it, e.g. `paused` */
export function invalidTransition(from: string, to: string): AppleError {
  return new AppleError(
    4,
    "Invalid virtual machine state transition.",
    `Transition from state “${from}” to state “${to}” is invalid.`,
  );
}

export function invalidDiskImage(): AppleError {
  return new AppleError(5, "Invalid disk image.", "The disk image format is not recognized.");
}

export function limitExceeded(): AppleError {
  return new AppleError(
    6,
    "The number of virtual machines exceeds the limit.",
    "The maximum supported number of active virtual machines has been reached.",
  );
}
