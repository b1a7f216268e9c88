/** Which release of vfkit is played, and what it has. */
import { type Release as GenericRelease, releaseOf } from "../mac_lib/release.ts";

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

/** A release, with what it has. */
export type Release = GenericRelease<keyof typeof SINCE>;

/** @throws {StandInError} for what is older than 0.6.0, or no version */
export function release(text: string = NEWEST): Release {
  return releaseOf(text, SINCE);
}
