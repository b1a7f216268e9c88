/** Releases of a program that a stand-in can play, and what came with which. */
import { StandInError } from "./error.ts";

/** A release. */
export interface Release<Feature extends string> {
  /** Without the `v`. */
  text: string;
  has(feature: Feature): boolean;
}

/** The oldest release of each program that is played. */
const OLDEST = "0.6.0";

/**
 * @param since the first release that has a feature, by feature
 * @throws {StandInError} for what is older than 0.6.0, or no version
 */
export function releaseOf<Feature extends string>(
  text: string,
  since: Readonly<Record<Feature, string>>,
): Release<Feature> {
  const own = order(text);
  if (own === undefined || own < (order(OLDEST) ?? 0)) {
    throw new StandInError(`version "${text}": must be ${OLDEST} or newer`);
  }
  return { text, has: (feature) => own >= (order(since[feature]) ?? Infinity) };
}

/** The three parts, each below a thousand, as one number. */
function order(text: string): number | undefined {
  return /^(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1)
    .reduce((sum, part) => sum * 1000 + Number(part), 0);
}
