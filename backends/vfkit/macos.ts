/** What each feature needs of macOS; from vfkit's doc/usage.md and Apple's availability notes. */

/** A release of macOS, as `sw_vers -productVersion` tells it. */
export type MacosVersion = [major: number, minor: number];

interface FeatureNeed {
  name: string;
  since: MacosVersion;
  /** Nothing of cocoon's own machines works without it. */
  essential?: true;
}

/** Features with the macOS that first had them, oldest first. */
export const FEATURE_NEEDS: readonly FeatureNeed[] = [
  { name: "EFI boot, consoles, vfkit itself", since: [13, 0], essential: true },
  { name: "Rosetta, USB disks, screen and input devices", since: [13, 0] },
  { name: "NVMe disks, disks by NBD", since: [14, 0] },
  { name: "nested virtualization", since: [15, 0] },
];

/** The version in the output of `sw_vers -productVersion`: `15.3.1`, `26.0`, `14`. */
export function parseMacosVersion(output: string): MacosVersion | undefined {
  const match = /^\s*(\d+)(?:\.(\d+))?(?:\.\d+)*\s*$/.exec(output);
  return match === null ? undefined : [Number(match[1]), Number(match[2] ?? 0)];
}

/** The features that a macOS is too old for. */
export function lackingFeatures(version: MacosVersion): readonly FeatureNeed[] {
  return FEATURE_NEEDS.filter(({ since: [major, minor] }) =>
    version[0] < major || (version[0] === major && version[1] < minor)
  );
}
