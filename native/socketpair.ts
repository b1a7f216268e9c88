/** A pair of connected datagram sockets, the two ends of a virtual network cable. */
import { closeOnExec } from "./inheritance.ts";
import { closeFile } from "./libc.ts";
import { made } from "./library.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const DARWIN = Deno.build.os === "darwin";
const SOL_SOCKET = DARWIN ? 0xffff : 1;
const SO_SNDBUF = DARWIN ? 0x1001 : 7;
const SO_RCVBUF = DARWIN ? 0x1002 : 8;

/**
 * Bytes of the buffers: those that Apple recommends for a file handle attachment
 * (VZFileHandleNetworkDeviceAttachment: SO_RCVBUF at least twice, better four times SO_SNDBUF).
 * Linux cuts them to its own limit without a word.
 */
const SEND_BUFFER_BYTES = 1024 * 1024;
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;

/** The two ends; the caller closes both with `closeFile` once its children have them. */
export type DatagramPair = [first: number, second: number];

/**
 * Makes the pair. No child inherits an end unless it is handed over.
 * @throws {SystemError}
 */
export function datagramPair(): DatagramPair {
  const ends = new Int32Array(2);
  made("socketpair", (c) => c.socketpair(AF_UNIX, SOCK_DGRAM, 0, ends));
  const [first = -1, second = -1] = ends;
  try {
    for (const end of [first, second]) {
      closeOnExec(end);
      setBuffer(end, SO_SNDBUF, SEND_BUFFER_BYTES);
      setBuffer(end, SO_RCVBUF, RECEIVE_BUFFER_BYTES);
    }
    return [first, second];
  } catch (error) {
    closeFile(first);
    closeFile(second);
    throw error;
  }
}

function setBuffer(fd: number, option: number, bytes: number): void {
  const value = Int32Array.of(bytes);
  made("setsockopt", (c) => c.setsockopt(fd, SOL_SOCKET, option, value, value.byteLength));
}
