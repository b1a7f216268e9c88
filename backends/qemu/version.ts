import type { Version } from "../../host/versions.ts";

export { isAtLeast, type Version, versionText } from "../../host/versions.ts";

/** The version in QEMU's `--version` text, e.g. `QEMU emulator version 7.2.22 (Debian ...)`. */
export function parseVersion(text: string): Version | undefined {
  const match = /\bversion (\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  if (match === null) return undefined;
  const [, major, minor, micro = "0"] = match;
  return [Number(major), Number(minor), Number(micro)];
}
