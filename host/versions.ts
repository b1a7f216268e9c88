/** Versions of programs, as three numbers. */

/** Major, minor, patch. */
export type Version = [major: number, minor: number, patch: number];

/** Whether `version` is `minimum` or newer. */
export function isAtLeast(version: Version, minimum: Version): boolean {
  const [major, minor, patch] = minimum;
  if (version[0] !== major) return version[0] > major;
  if (version[1] !== minor) return version[1] > minor;
  return version[2] >= patch;
}

/** `7.2.22`. */
export function versionText(version: Version): string {
  return version.join(".");
}
