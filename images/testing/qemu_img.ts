/** Images made by the real `qemu-img`, which the tests need, and disks to make them from. */
import { Buffer } from "node:buffer";
import { realHost } from "../../host/host.ts";

/** Runs `qemu-img ARGS`; any failure fails the test. */
export async function qemuImg(...args: string[]): Promise<void> {
  const { code, stderr } = await realHost().run(["qemu-img", ...args], { timeoutMs: 120_000 });
  if (code !== 0) throw new Error(`qemu-img ${args.join(" ")}: exit ${code}: ${stderr}`);
}

/** How a disk of {@linkcode writeDisk} is filled. */
export interface DiskShape {
  bytes: number;
  /** Of the content. @default {1} */
  seed?: number;
}

/**
 * Writes a raw disk with all that a converter can get wrong: a boot sector, text that compresses
 * well, noise that does not, single bytes far apart, holes and written zeros, data at the very end.
 */
export function writeDisk(path: string, { bytes, seed = 1 }: DiskShape): void {
  using file = Deno.openSync(path, { write: true, createNew: true });
  file.truncateSync(bytes);
  const put = (offset: number, data: Uint8Array) => {
    file.seekSync(offset, Deno.SeekMode.Start);
    for (let at = 0; at < data.length;) at += file.writeSync(data.subarray(at));
  };
  put(0, new Uint8Array([0xeb, 0x63, 0x90, 0, seed]));
  put(510, new Uint8Array([0x55, 0xaa]));
  const text = new TextEncoder().encode(
    `line ${seed} of a file that is like the others\n`.repeat(900),
  );
  const noise = pseudoRandom(96 * 1024 + 77, seed);
  const step = Math.max(256 * 1024, Math.floor(bytes / 24));
  for (let offset = step, i = 0; offset + 2 * noise.length < bytes; offset += step, i++) {
    if (i % 4 === 0) put(offset + 513, text);
    else if (i % 4 === 1) put(offset, noise);
    else if (i % 4 === 2) put(offset + 12_345, new Uint8Array([i + 1]));
    else put(offset, new Uint8Array(128 * 1024));
  }
  put(bytes - 3, new Uint8Array([1, 2, 3]));
}

/** Bytes that do not compress and are the same for the same seed (xorshift32). */
export function pseudoRandom(length: number, seed: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  let state = seed | 1;
  for (let i = 0; i < length; i++) {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    bytes[i] = state;
  }
  return bytes;
}

/** Whether two files have the same bytes, holes counting as zeros. */
export function sameContent(a: string, b: string): boolean {
  using first = Deno.openSync(a, { read: true });
  using second = Deno.openSync(b, { read: true });
  if (first.statSync().size !== second.statSync().size) return false;
  const one = new Uint8Array(1 << 20);
  const two = new Uint8Array(1 << 20);
  while (true) {
    const count = fill(first, one);
    if (fill(second, two) !== count) return false;
    if (count === 0) return true;
    // Only the filled part: what follows is left over from the piece before.
    if (Buffer.compare(one.subarray(0, count), two.subarray(0, count)) !== 0) return false;
  }
}

function fill(file: Deno.FsFile, buffer: Uint8Array): number {
  let filled = 0;
  while (filled < buffer.length) {
    const count = file.readSync(buffer.subarray(filled));
    if (count === null) break;
    filled += count;
  }
  return filled;
}
