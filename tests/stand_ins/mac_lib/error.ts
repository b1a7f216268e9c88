/** A stand-in itself cannot go on; says nothing of the real program. Exit status 99. */
export class StandInError extends Error {
  override readonly name = "StandInError";
}
