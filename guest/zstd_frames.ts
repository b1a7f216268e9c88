/** Where zstd data ends, without unpacking it: RFC 8878, section 3.1. */
import { type ByteRange, within } from "./byte_range.ts";
import { WindowReader } from "./window_reader.ts";

const MAGIC = 0xfd2fb528;
/** The first of 16 magic numbers of frames that hold no content. */
const SKIPPABLE_MAGIC = 0x184d2a50;
const RLE_BLOCK = 1;

/**
 * The frames with content that the range begins with; undefined when one is cut off. The library's
 * decoder passes over a missing end in silence, and ends after its first frame.
 */
export async function zstdFrames(range: ByteRange): Promise<ByteRange[] | undefined> {
  using reader = await WindowReader.open(range);
  const frames: ByteRange[] = [];
  let at = 0;
  while (true) {
    const head = await reader.at(at, 8);
    const magic = head.byteLength >= 4 ? head.getUint32(0, true) : 0;
    if (magic >>> 4 === SKIPPABLE_MAGIC >>> 4 && head.byteLength === 8) {
      at += 8 + head.getUint32(4, true);
      if (at > range.length) return undefined;
    } else if (magic === MAGIC) {
      const end = await frameEnd(reader, at);
      if (end === undefined || end > range.length) return undefined;
      frames.push(within(range, at, end - at));
      at = end;
    } else return frames;
  }
}

/** Where the frame ends, if its data is not cut off before; undefined when a header is. */
async function frameEnd(reader: WindowReader, start: number): Promise<number | undefined> {
  const head = await reader.at(start, 5);
  if (head.byteLength < 5) return undefined;
  const descriptor = head.getUint8(4);
  const singleSegment = (descriptor & 0x20) !== 0;
  const sizeFlag = descriptor >>> 6;
  const sizeBytes = sizeFlag === 0 ? Number(singleSegment) : 1 << sizeFlag;
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3] ?? 0;
  let at = start + 5 + (singleSegment ? 0 : 1) + dictionaryBytes + sizeBytes;
  for (let last = false; !last;) {
    const view = await reader.at(at, 3);
    if (view.byteLength < 3) return undefined;
    const header = view.getUint16(0, true) | (view.getUint8(2) << 16);
    last = (header & 1) !== 0;
    at += 3 + (((header >>> 1) & 3) === RLE_BLOCK ? 1 : header >>> 3);
  }
  return at + ((descriptor & 0x04) !== 0 ? 4 : 0); // the content's checksum
}
