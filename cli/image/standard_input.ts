import { CocoonError } from "../../errors/error.ts";
import type { Context } from "../context.ts";

/**
 * Standard input, for an image.
 * @throws {CocoonError} `usage` when a person would have to type it
 */
export function imageStdin(context: Context): ReadableStream<Uint8Array> {
  if (context.isTerminal.stdin) {
    throw new CocoonError("usage", "standard input is a terminal, not a disk image", {
      hint: "Give a file, or redirect one: < disk.qcow2",
    });
  }
  return context.stdin();
}
