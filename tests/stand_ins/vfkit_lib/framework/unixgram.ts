/** A card's socket on a path: what `unixSocketPath` does. */
import { dirname } from "../../../../host/path.ts";
import { VfkitError } from "../error.ts";
import { onExit, removeFile } from "../exit_handlers.ts";
import { bindUnix, connectUnix, datagramSocket, sendDatagram, setBuffers } from "../libc.ts";
import * as log from "../log.ts";
import type { Release } from "../versions.ts";

/** `sun_path` of macOS. */
const SUN_PATH_BYTES = 104;
const SEND_BYTES = 1 << 20;
const RECEIVE_BYTES = 4 << 20;

/** What tells a helper that somebody is there. */
const MAGIC = "VFKT";

/** Sockets that a release before 0.6.1 leaves when the guest powers itself off. */
const kept: string[] = [];

/** True while the process ends because of a signal. */
let signalled = false;

export function endedBySignal(): void {
  signalled = true;
}

/**
 * Binds a socket beside the peer's and connects it to that, which must exist. A peer that does not
 * answer leaves our own socket behind.
 * @returns the descriptor, which children inherit
 * @throws {VfkitError}
 */
export function connectUnixgram(peer: string, magic: boolean, release: Release): number {
  const random = (crypto.getRandomValues(new Uint32Array(1))[0] ?? 0) & 0xffff;
  const local = `${dirname(peer)}/vfkit-${Deno.pid.toString(16)}-${random.toString(16)}.sock`;
  const length = new TextEncoder().encode(local).length;
  if (length >= SUN_PATH_BYTES) {
    throw new VfkitError(
      `unixgram path '${local}' is too long: ${length} >= ${SUN_PATH_BYTES} bytes`,
    );
  }
  const fd = datagramSocket();
  try {
    bindUnix(fd, local);
    connectUnix(fd, peer);
  } catch (error) {
    if (!(error instanceof VfkitError)) throw error;
    throw new VfkitError(`dial unixgram ${local}->${peer}: ${error.message}`);
  }
  kept.push(local);
  onExit(() => {
    if (signalled || release.has("cleansUpAfterGuest")) {
      for (const path of kept.splice(0)) removeFile(path);
    }
  });
  setBuffers(fd, SEND_BYTES, RECEIVE_BYTES);
  log.info(`local: ${local} remote: ${peer}`);
  if (magic) {
    sendDatagram(fd, MAGIC);
    log.debug("sent vfkit magic packet (VFKT)");
  }
  return fd;
}
