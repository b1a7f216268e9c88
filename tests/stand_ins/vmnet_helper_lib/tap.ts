/** A card of this network namespace whose frames a program sends: linux/if_tun.h. */
import { StandInError } from "../mac_lib/error.ts";
import { type Bytes, CallError, cString, EAGAIN, library, made } from "./libc.ts";

const O_RDWR = 2;
const O_NONBLOCK = 0x800;
const O_CLOEXEC = 0x80000;
const TUNSETIFF = 0x400454can;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
/** `struct ifreq`: a name, then a union, of which the flags are the first 16 bits. */
const IFREQ_BYTES = 40;
const IFNAMSIZ = 16;

/** It is gone when the process is. */
export interface Tap {
  fd: number;
  name: string;
  /** The interface is no more; what the descriptor gives means nothing. */
  stopped: boolean;
}

/** @param pattern with `%d` for the first number that is free @throws {StandInError} */
export function openTap(pattern: string): Tap {
  const path = "/dev/net/tun";
  try {
    const fd = made(
      `open ${path}`,
      (c) => c.open(cString(path), O_RDWR | O_NONBLOCK | O_CLOEXEC, 0),
    );
    const request = new Uint8Array(IFREQ_BYTES);
    request.set(cString(pattern));
    new DataView(request.buffer).setUint16(IFNAMSIZ, IFF_TAP | IFF_NO_PI, true);
    made("ioctl(TUNSETIFF)", (c) => c.ioctl(fd, TUNSETIFF, request));
    return {
      fd,
      name: new TextDecoder().decode(request.subarray(0, request.indexOf(0))),
      stopped: false,
    };
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    throw new StandInError(`${error.call}: ${error.message}`);
  }
}

/** The next frame that came from the network; undefined when there is none. */
export function readTap({ fd }: Tap, buffer: Bytes): Bytes | undefined {
  try {
    const length = made("read", (c) => c.read(fd, buffer, BigInt(buffer.length)));
    return buffer.subarray(0, Number(length));
  } catch (error) {
    if (error instanceof CallError && error.errno === EAGAIN) return undefined;
    throw error;
  }
}

/** Gives a frame to the network, which may drop it. */
export function writeTap({ fd }: Tap, frame: Bytes): void {
  library().calls.write(fd, frame, BigInt(frame.length));
}
