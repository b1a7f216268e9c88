/** Features that a user asks for, and what is said where a backend has not got them. */
import type { Feature } from "./contract.ts";

/** A feature that a user asks for. */
export interface FeatureWish {
  feature: Feature;
  /** Do without where it cannot be had, as a file that several computers share may say. */
  optional: boolean;
}

interface FeatureText {
  /** The complaint behind `backend "NAME"`. */
  complaint: string;
  /** What to leave out, for the hint. */
  drop: string;
  /** A machine does its work without it: a warning is enough. */
  harmless?: true;
}

/** What is said of each feature. */
export const FEATURE_TEXTS: Readonly<Record<Feature, FeatureText>> = {
  shares: { complaint: "cannot share folders with the guest", drop: "leave out the shares" },
  "read-only-shares": {
    complaint: "can only share folders that the guest may write to",
    drop: "share without :ro, or a copy of the folder",
  },
  rosetta: { complaint: "has no Rosetta on this computer", drop: "leave out rosetta" },
  display: { complaint: "has no screen of a chosen size", drop: "leave out display" },
  input: { complaint: "has no keyboard and pointing device", drop: "leave out input" },
  gpu: { complaint: "gives guests no graphics processor (Vulkan)", drop: "leave out gpu" },
  "nvme-disks": { complaint: "has no NVMe disks", drop: "use bus=virtio" },
  "usb-disks": { complaint: "has no USB disks", drop: "use bus=virtio" },
  "network-disks": { complaint: "cannot attach disks by NBD", drop: "leave out nbd" },
  cdrom: { complaint: "has no CD drive", drop: "take an image that is a disk" },
  hugepages: { complaint: "cannot use huge pages", drop: "leave out hugepages" },
  "direct-io": {
    complaint: "cannot bypass this computer's page cache (it flushes when the guest asks)",
    drop: "leave out direct-io",
  },
  "disk-queue-size": {
    complaint: "cannot size the queues of disks",
    drop: "leave out disk-queue-size",
  },
  "net-queue-size": {
    complaint: "cannot size the queues of network cards",
    drop: "leave out net-queue-size",
  },
  watchdog: {
    complaint: "has no watchdog; the machine is made without one",
    drop: "leave out watchdog",
    harmless: true,
  },
};

/** Features that are wished for and not there, split by what comes of it. */
export interface MissingFeatures {
  /** The machine cannot be made. */
  refused: Feature[];
  /** The machine is made without them, and the user is told. */
  warned: Feature[];
  /** The machine is made without them, as the user has said. */
  leftOut: Feature[];
}

/** Splits the wishes that `has` does not meet. */
export function missingFeatures(
  wishes: readonly FeatureWish[],
  has: readonly Feature[],
): MissingFeatures {
  const missing: MissingFeatures = { refused: [], warned: [], leftOut: [] };
  for (const { feature, optional } of wishes) {
    if (has.includes(feature)) continue;
    if (optional) missing.leftOut.push(feature);
    else if (FEATURE_TEXTS[feature].harmless) missing.warned.push(feature);
    else missing.refused.push(feature);
  }
  return missing;
}

/** One line for each feature that a machine is made without. */
export function featureWarnings(
  backend: string,
  wishes: readonly FeatureWish[],
  has: readonly Feature[],
): string[] {
  return missingFeatures(wishes, has).warned
    .map((feature) => `backend "${backend}" ${FEATURE_TEXTS[feature].complaint}`);
}
