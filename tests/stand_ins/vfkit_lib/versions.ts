/** Which release of vfkit is played, and what it has. */
import { StandInError } from "./error.ts";

/** What the vectors were taken from: 12 commits after 0.6.4. */
const NEWEST = "0.6.4-12-gb2bc27e";

/** What came after 0.6.0, and with which release (by the first tag that holds it). */
const SINCE = {
  /** Device `virtio-balloon`. */
  balloon: "0.6.1",
  /** Flag `--cloud-init`. */
  cloudInit: "0.6.1",
  /** Sockets are removed when the guest powers itself off, not only after a signal. */
  cleansUpAfterGuest: "0.6.1",
  /** `network-config` among the files of `--cloud-init`. */
  networkConfig: "0.6.2",
  nestedFlag: "0.6.2",
  pidfileFlag: "0.6.2",
  /** `virtio-serial,pty`. */
  pty: "0.6.2",
  /** `virtio-net` options `type`, `path`, `vfkitMagic`, `offloading`. */
  unixgramOptions: "0.6.2",
  /** Disk option `type`. */
  diskType: "0.6.2",
  /** `virtio-blk` looks for qcow2. */
  qcow2Check: "0.6.2",
  /** `http://` as REST address. */
  httpScheme: "0.6.2",
  /** A signal asks the guest first; before, it cut the power. */
  gracefulSignals: "0.6.2",
  /** The summary of the options is a debug line; before, there were two info lines. */
  quietParameters: "0.6.2",
  /** Seed images of dead processes are removed at the start. */
  staleSeedCleanup: "0.6.4",
} as const;

export type Feature = keyof typeof SINCE;

/** A release. */
export interface Release {
  /** Without the `v`. */
  text: string;
  has(feature: Feature): boolean;
}

/** @param text `0.6.0` or newer; without it, the newest that is known */
export function release(text: string = NEWEST): Release {
  const numbers = parse(text);
  if (numbers === undefined || compare(numbers, [0, 6, 0]) < 0) {
    throw new StandInError(`version "${text}": must be 0.6.0 or newer`);
  }
  return {
    text,
    has: (feature) => compare(numbers, parse(SINCE[feature]) ?? []) >= 0,
  };
}

function parse(text: string): number[] | undefined {
  return /^(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number);
}

function compare(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < 3; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
