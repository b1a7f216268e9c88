import type { Version } from "../../host/versions.ts";

/** Oldest krunkit taken: the first whose cards take `type=unixgram`, without offloading. */
export const MINIMUM_VERSION: Version = [1, 0, 0];

/** First krunkit that takes more than {@linkcode OLD_MAX_CPUS} CPUs. */
export const MANY_CPUS_VERSION: Version = [1, 1, 0];
/** Most CPUs of older ones. */
export const OLD_MAX_CPUS = 8;

/** First krunkit with `--timesync` and `--firmware-path`. */
export const TIMESYNC_VERSION: Version = [1, 2, 0];

/** The version in krunkit's `--version` line, `krunkit 1.2.1`. */
export function parseVersion(text: string): Version | undefined {
  const match = /^krunkit v?(\d+)\.(\d+)\.(\d+)/m.exec(text);
  if (match === null) return undefined;
  return [Number(match[1]), Number(match[2]), Number(match[3])];
}
