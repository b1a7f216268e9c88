import { CocoonError } from "../errors/error.ts";

/**
 * The refusals of a plan's parts, each written for itself, so that all of them are told at once.
 * What is thrown but is no refusal goes on.
 */
export function refused(parts: readonly (() => unknown)[]): CocoonError[] {
  return parts.flatMap((write) => {
    try {
      write();
      return [];
    } catch (error) {
      if (error instanceof CocoonError) return [error];
      throw error;
    }
  });
}
