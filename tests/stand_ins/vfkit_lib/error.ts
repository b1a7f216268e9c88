/** An error of vfkit's: its text is what the program prints, word for word. */
export class VfkitError extends Error {
  override readonly name: string = "VfkitError";
}
