/** Frames between a datagram socket and QEMU's stream. */
import { framesOf } from "../mac_lib/frames.ts";
import { bindUnix, connectUnix, datagramSocket, setBuffers } from "../vfkit_lib/libc.ts";
import { CallError, EAGAIN, made, readable } from "../vmnet_helper_lib/libc.ts";

/** The largest frame with offloading; a datagram that is larger is cut. */
const FRAME_BYTES = 65_550;
/** Tells that somebody is there, and is no frame (gvisor-tap-vsock, pkg/transport/unixgram). */
const MAGIC = "VFKT";
const SEND_BYTES = 1 << 20;
const RECEIVE_BYTES = 4 << 20;
const SOCKADDR_UN_BYTES = 110;
const PATH_OFFSET = 2;
const MSG_PEEK = 2;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/**
 * Listens on `path`. Its only client is who sends first, for ever; what comes from it goes into the
 * stream, which is opened then. Resolves when the client is gone, which a write tells.
 */
export async function carryDatagrams(path: string, streamPath: string): Promise<void> {
  const fd = datagramSocket();
  bindUnix(fd, path);
  setBuffers(fd, SEND_BYTES, RECEIVE_BYTES);
  await readable(fd);
  connectUnix(fd, senderOf(fd));
  using stream = await Deno.connect({ transport: "unix", path: streamPath });
  await Promise.race([toStream(fd, stream), fromStream(stream, fd)]);
}

async function toStream(fd: number, stream: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(FRAME_BYTES);
  for (let isFirst = true;; isFirst = false) {
    const frame = receive(fd, buffer);
    if (frame === undefined) await readable(fd);
    else if (!isFirst || new TextDecoder().decode(frame) !== MAGIC) {
      await writeAll(stream, withLength(frame));
    }
  }
}

async function fromStream(stream: Deno.Conn, fd: number): Promise<void> {
  for await (const frame of framesOf(stream.readable)) {
    try {
      const room = BigInt(frame.length);
      made("send", (c) => c.send(fd, new Uint8Array(frame), room, MSG_DONTWAIT | MSG_NOSIGNAL));
    } catch (error) {
      // A full buffer loses a frame; anything else is the end of the client.
      if (!(error instanceof CallError && error.errno === EAGAIN)) throw error;
    }
  }
}

function senderOf(fd: number): string {
  const address = new Uint8Array(SOCKADDR_UN_BYTES);
  const length = Int32Array.of(address.length);
  made("recvfrom", (c) => c.recvfrom(fd, new Uint8Array(1), 1n, MSG_PEEK, address, length));
  return new TextDecoder().decode(address.subarray(PATH_OFFSET, length[0])).replace(/\0.*$/s, "");
}

function receive(fd: number, buffer: Uint8Array<ArrayBuffer>): Uint8Array | undefined {
  try {
    const bytes = made("recv", (c) => c.recv(fd, buffer, BigInt(buffer.length), MSG_DONTWAIT));
    return buffer.subarray(0, Number(bytes));
  } catch (error) {
    if (error instanceof CallError && error.errno === EAGAIN) return undefined;
    throw error;
  }
}

function withLength(frame: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + frame.length);
  new DataView(bytes.buffer).setUint32(0, frame.length);
  bytes.set(frame, 4);
  return bytes;
}

async function writeAll(stream: Deno.Conn, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) done += await stream.write(bytes.subarray(done));
}
