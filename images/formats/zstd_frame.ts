/** Little-endian 0xFD2FB528. */
const ZSTD_MAGIC = 0xfd2fb528;
/** Bytes of the content size by its 2-bit flag (RFC 8878, 3.1.1.1.1). */
const CONTENT_SIZE_BYTES = [0, 2, 4, 8] as const;
/** Bytes of the dictionary id by its 2-bit flag. */
const DICTIONARY_ID_BYTES = [0, 1, 2, 4] as const;
/** A block of this type holds one byte that is repeated. */
const RLE_BLOCK = 1;
/**
 * Largest window that a decoder should accept (RFC 8878, 3.1.1.1.2), and far above what a cluster
 * of at most 2 MiB needs. The library itself would allocate 128 MiB if a frame says so.
 */
const MAX_WINDOW_BYTES = 8 * 1024 * 1024;

/**
 * Length in bytes of the zstd frame that `bytes` begin with (RFC 8878, section 3.1.1). The library
 * takes what follows a frame for the next one and fails on a sector's padding.
 * @throws {RangeError} when no whole frame is there, or one that wants too much memory
 */
export function zstdFrameLength(bytes: Uint8Array<ArrayBuffer>): number {
  // DataView throws RangeError itself wherever a header claims more than there is.
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(0, true) !== ZSTD_MAGIC) throw new RangeError("no zstd frame");
  const descriptor = view.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const windowBytes = singleSegment ? 0 : windowSize(view.getUint8(5));
  const idBytes = DICTIONARY_ID_BYTES[descriptor & 3] ?? 0;
  const sizeFlag = descriptor >>> 6;
  const sizeBytes = sizeFlag === 0 && singleSegment ? 1 : CONTENT_SIZE_BYTES[sizeFlag] ?? 0;
  let at = 5 + (singleSegment ? 0 : 1) + idBytes;
  if (Math.max(windowBytes, contentSize(view, at, sizeBytes)) > MAX_WINDOW_BYTES) {
    throw new RangeError("a zstd frame with too large a window");
  }
  at += sizeBytes;
  for (let last = false; !last;) {
    const block = view.getUint8(at) | (view.getUint8(at + 1) << 8) | (view.getUint8(at + 2) << 16);
    last = (block & 1) !== 0;
    at += 3 + (((block >>> 1) & 3) === RLE_BLOCK ? 1 : block >>> 3);
  }
  if ((descriptor & 0x04) !== 0) at += 4; // content checksum
  if (at > bytes.length) throw new RangeError("a zstd frame is cut off");
  return at;
}

/** Window size in bytes by its descriptor (RFC 8878, 3.1.1.1.2). */
function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSize(view: DataView, at: number, length: number): number {
  switch (length) {
    case 1:
      return view.getUint8(at);
    case 2:
      return view.getUint16(at, true) + 256; // RFC 8878, 3.1.1.1.4
    case 4:
      return view.getUint32(at, true);
    case 8:
      return Number(view.getBigUint64(at, true));
    default:
      return 0;
  }
}
