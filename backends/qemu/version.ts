/** A QEMU version: major, minor, micro. */
export type Version = [major: number, minor: number, micro: number];

/** The version in QEMU's `--version` text, e.g. `QEMU emulator version 7.2.22 (Debian ...)`. */
export function parseVersion(text: string): Version | undefined {
  const match = /\bversion (\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  if (match === null) return undefined;
  const [, major, minor, micro = "0"] = match;
  return [Number(major), Number(minor), Number(micro)];
}

/** Whether `version` is `minimum` or newer. */
export function isAtLeast(version: Version, minimum: Version): boolean {
  const [major, minor, micro] = minimum;
  if (version[0] !== major) return version[0] > major;
  if (version[1] !== minor) return version[1] > minor;
  return version[2] >= micro;
}

/** `7.2.22`. */
export function versionText(version: Version): string {
  return version.join(".");
}
