import type { Version } from "../../host/versions.ts";

/** Oldest vfkit taken: the first with read-only disks and with `ignore-if-missing`. */
export const MINIMUM_VERSION: Version = [0, 6, 0];

/** First vfkit with a memory balloon. */
export const BALLOON_VERSION: Version = [0, 6, 1];

/**
 * First vfkit with a console on a pseudo terminal and with `--nested`, and the first one that asks
 * the guest to shut down on SIGTERM instead of cutting its power.
 */
export const TERMINAL_VERSION: Version = [0, 6, 2];

/** The version in vfkit's `--version` line, `vfkit version: v0.6.4`, with or without more. */
export function parseVersion(text: string): Version | undefined {
  const match = /^vfkit version: v?(\d+)\.(\d+)\.(\d+)/m.exec(text);
  if (match === null) return undefined;
  return [Number(match[1]), Number(match[2]), Number(match[3])];
}
