/** A part of a file, read in order. */

const CHUNK_BYTES = 1 << 20;

/** Bytes from `offset` on, `length` of them. */
export interface ByteRange {
  path: string;
  offset: number;
  length: number;
}

/** The whole file. */
export async function wholeFile(path: string): Promise<ByteRange> {
  return { path, offset: 0, length: (await Deno.stat(path)).size };
}

/** The part of a part; bytes behind the end of the outer one are not in it. */
export function within(outer: ByteRange, offset: number, length = outer.length): ByteRange {
  const start = Math.min(Math.max(0, offset), outer.length);
  return {
    path: outer.path,
    offset: outer.offset + start,
    length: Math.max(0, Math.min(length, outer.length - start)),
  };
}

/** The bytes, in pieces; a file that has become shorter gives fewer. */
export async function* readRange(range: ByteRange): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  using file = await Deno.open(range.path);
  await file.seek(range.offset, Deno.SeekMode.Start);
  for (let left = range.length; left > 0;) {
    const buffer = new Uint8Array(Math.min(left, CHUNK_BYTES));
    const count = await file.read(buffer);
    if (count === null) return;
    left -= count;
    yield buffer.subarray(0, count);
  }
}

/** The first bytes, at most `length`. */
export async function readStart(
  range: ByteRange,
  length: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const start = within(range, 0, length);
  const bytes = new Uint8Array(start.length);
  let at = 0;
  for await (const chunk of readRange(start)) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes.subarray(0, at);
}
