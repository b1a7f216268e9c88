/** Reads the options of a stand-in, which come by environment variables only. */
import { StandInError } from "./error.ts";

/** Values of a variable that is on or off. */
export const SWITCH = { "0": false, "1": true } as const;

/**
 * Reads variables; one that is empty counts as not set. Each call throws a {@linkcode StandInError}
 * for a value that is none.
 */
export interface EnvironmentReader {
  text(name: string): string | undefined;
  choose<T>(name: string, choices: Readonly<Record<string, T>>, otherwise: T): T;
  whole(name: string): number | undefined;
  /** Words between commas. */
  list(name: string): string[] | undefined;
  /** The descriptors that the launcher was given. */
  inherited(): number[];
}

export function environmentReader(env: (name: string) => string | undefined): EnvironmentReader {
  const text = (name: string) => env(name) || undefined;
  return {
    text,
    choose(name, choices, otherwise) {
      const value = text(name);
      if (value === undefined) return otherwise;
      const chosen = choices[value];
      if (chosen === undefined) {
        throw new StandInError(`${name}="${value}": must be ${Object.keys(choices).join(" or ")}`);
      }
      return chosen;
    },
    whole(name) {
      const value = text(name);
      if (value === undefined) return undefined;
      if (!/^\d+$/.test(value)) {
        throw new StandInError(`${name}="${value}": must be a whole number`);
      }
      return Number(value);
    },
    list: (name) => env(name)?.split(",").filter((part) => part !== ""),
    inherited: () =>
      (text("STAND_IN_INHERITED") ?? "").split(" ").filter((word) => word !== "").map(Number),
  };
}
