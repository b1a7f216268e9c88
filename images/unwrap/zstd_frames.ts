/**
 * Cuts a zstd stream into its frames (RFC 8878 section 3.1). The runtime's decompressor takes the
 * end of the input for the end of a frame wherever it comes, and passes over what follows the first
 * frame; both would give a shorter disk without an error.
 */
import type { ByteSource } from "./byte_source.ts";
import { damaged } from "./damaged.ts";
import { tooMuchMemory, UNPACK_MEMORY_BYTES } from "./too_much_memory.ts";

const MAGIC = 0xfd2fb528;
/** `0x184D2A5?`: a frame to be skipped. */
const SKIPPABLE_MAGIC = 0x184d2a5;
/** Frames are handed on in pieces of about this length. */
const PIECE_BYTES = 256 * 1024;
/** Most blocks in one such piece: each costs far more memory than its own bytes when it is tiny. */
const PIECE_BLOCKS = 4096;

/** Bytes of the dictionary's id and of the content's size, by their flags in the header. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4];
const CONTENT_SIZE_BYTES = [0, 2, 4, 8];

/**
 * The frames with content; each has to be read to its end before the next is asked for.
 * @throws {CocoonError} `failed` (from either iteration) where it is cut off, is no zstd, or needs a
 * larger window than is allowed
 */
export async function* zstdFrames(
  source: ByteSource,
): AsyncGenerator<AsyncGenerator<Uint8Array>> {
  while (true) {
    const start = await source.take(4);
    if (start.length === 0) return;
    if (start.length < 4) throw cut();
    const magic = littleEndian(start);
    if (magic >>> 4 === SKIPPABLE_MAGIC) {
      const length = await source.take(4);
      if (length.length < 4 || !await source.passOver(littleEndian(length))) throw cut();
    } else if (magic === MAGIC) {
      yield frame(source, start);
    } else {
      throw damaged("zstd", "something else follows it");
    }
  }
}

async function* frame(source: ByteSource, magic: Uint8Array): AsyncGenerator<Uint8Array> {
  const [descriptor] = await exactly(source, 1);
  // It was read with a length of 1.
  const flags = descriptor ?? 0;
  const isSingleSegment = (flags & 0x20) !== 0;
  const sizeBytes = CONTENT_SIZE_BYTES[flags >>> 6] ?? 0;
  const rest = (isSingleSegment ? 0 : 1) + (DICTIONARY_ID_BYTES[flags & 3] ?? 0) +
    (sizeBytes === 0 && isSingleSegment ? 1 : sizeBytes);
  const header = await exactly(source, rest);
  if (windowBytes(header, isSingleSegment, sizeBytes) > UNPACK_MEMORY_BYTES.zstd) {
    throw tooMuchMemory("zstd");
  }
  let pieces = [magic, new Uint8Array([flags]), header];
  let collected = 0;
  let blocks = 0;
  for (let isLast = false; !isLast;) {
    const blockHeader = await exactly(source, 3);
    const bits = littleEndian(blockHeader);
    isLast = (bits & 1) === 1;
    const type = (bits >>> 1) & 3;
    if (type === 3) throw damaged("zstd", "a block of an unknown kind");
    const content = await exactly(source, type === 1 ? 1 : bits >>> 3);
    pieces.push(blockHeader, content);
    collected += blockHeader.length + content.length;
    if (collected >= PIECE_BYTES || ++blocks >= PIECE_BLOCKS) {
      yield joined(pieces);
      pieces = [];
      collected = blocks = 0;
    }
  }
  const hasChecksum = (flags & 4) !== 0;
  if (hasChecksum) pieces.push(await exactly(source, 4));
  yield joined(pieces);
}

/**
 * Bytes of what was unpacked that a frame may refer to (RFC 8878 section 3.1.1.1.2); all of them in
 * a single segment.
 */
function windowBytes(header: Uint8Array, isSingleSegment: boolean, sizeBytes: number): number {
  if (isSingleSegment) {
    // The size of two bytes counts from 256 on, which is far below any limit.
    return littleEndian(header.subarray(header.length - Math.max(sizeBytes, 1)));
  }
  const descriptor = header[0] ?? 0;
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + base / 8 * (descriptor & 7);
}

async function exactly(source: ByteSource, length: number): Promise<Uint8Array> {
  const bytes = await source.take(length);
  if (bytes.length < length) throw cut();
  return bytes;
}

function cut(): Error {
  return damaged("zstd", "it ends in the middle of a frame");
}

/** Of any length, little endian; what is not there counts as zero. */
function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
