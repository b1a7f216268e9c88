/** An error of the command line, as clap prints it: exit status 2. */
export class ClapError extends Error {
  override readonly name = "ClapError";

  /** @param usage the line behind `Usage: ` */
  constructor(message: string, readonly usage?: string) {
    super(message);
  }
}

/** A value that an option does not take; clap tells which. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

/** An error after the command line, as `main` prints it: exit status 1. */
export class KrunkitError extends Error {
  override readonly name = "KrunkitError";
}
