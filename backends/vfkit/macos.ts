/** What each feature needs of macOS; from vfkit's doc/usage.md and Apple's availability notes. */
import type { MacosVersion } from "../../host/macos_version.ts";

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

/** The features that a macOS is too old for. */
export function lackingFeatures(version: MacosVersion): readonly FeatureNeed[] {
  return FEATURE_NEEDS.filter(({ since: [major, minor] }) =>
    version[0] < major || (version[0] === major && version[1] < minor)
  );
}
