/** An error of vfkit's: its text is what the program prints, word for word. */
export class VfkitError extends Error {
  override readonly name: string = "VfkitError";
}

/** The stand-in itself cannot go on; says nothing of the real program. Exit status 99. */
export class StandInError extends Error {
  override readonly name = "StandInError";
}
