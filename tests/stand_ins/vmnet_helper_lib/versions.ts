/** Which release of vmnet-helper is played, and what it has. */
import { type Release as GenericRelease, releaseOf } from "../mac_lib/release.ts";

const NEWEST = "0.13.0";

/** What came after 0.6.0, and with which release (by the first tag that holds it). */
const SINCE = {
  /** `--version` in two lines, with the commit. */
  commitInVersion: "0.7.0",
  /** Signed with com.apple.security.virtualization: macOS 26 lets any user start an interface. */
  rootless: "0.9.0",
  /** `--network`; the checks of one mode behind the parsing. */
  network: "0.10.0",
  /** No addresses of its own in shared mode; addresses in host mode; isolation in shared mode. */
  freeAddresses: "0.12.0",
  /** `--stats-interval`. */
  stats: "0.13.0",
  /** A guest that takes no packets does not keep it from ending. */
  boundedRetries: "0.13.0",
} as const;

/** A release, with what it has. */
export type Release = GenericRelease<keyof typeof SINCE>;

/** @throws {StandInError} for what is older than 0.6.0, or no version */
export function release(text: string = NEWEST): Release {
  return releaseOf(text, SINCE);
}
