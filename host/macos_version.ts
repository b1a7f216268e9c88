/** Releases of macOS. */

/** A release of macOS, as `sw_vers -productVersion` tells it. */
export type MacosVersion = [major: number, minor: number];

/** The version in the output of `sw_vers -productVersion`: `15.3.1`, `26.0`, `14`. */
export function parseMacosVersion(output: string): MacosVersion | undefined {
  const match = /^\s*(\d+)(?:\.(\d+))?(?:\.\d+)*\s*$/.exec(output);
  return match === null ? undefined : [Number(match[1]), Number(match[2] ?? 0)];
}
