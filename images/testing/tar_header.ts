/** Blocks of tar archives made field by field (POSIX.1-2017, "ustar Interchange Format"), for tests. */

/** Fields that differ from those of a regular file without content. */
export interface TarFields {
  name?: string;
  size?: number;
  type?: string;
  /** Written over the finished fields, before the checksum. */
  patches?: [offset: number, bytes: Uint8Array | string][];
  /** Written instead of the checksum. */
  checksum?: string;
}

/** One header block. */
export function tarHeader(fields: TarFields = {}): Uint8Array<ArrayBuffer> {
  const block = new Uint8Array(512);
  const put = (offset: number, text: Uint8Array | string) =>
    block.set(typeof text === "string" ? new TextEncoder().encode(text) : text, offset);
  put(0, fields.name ?? "file");
  put(100, "0000644\0");
  put(124, `${(fields.size ?? 0).toString(8).padStart(11, "0")}\0`);
  put(156, fields.type ?? "0");
  put(257, "ustar\x0000");
  for (const [offset, bytes] of fields.patches ?? []) put(offset, bytes);
  put(148, " ".repeat(8));
  const sum = block.reduce((total, byte) => total + byte, 0);
  put(148, fields.checksum ?? `${sum.toString(8).padStart(6, "0")}\0 `);
  return block;
}

/** Content, filled up to whole blocks. */
export function tarBlocks(content: string | Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  const blocks = new Uint8Array(Math.ceil(bytes.length / 512) * 512);
  blocks.set(bytes);
  return blocks;
}

/** One record of an extended header, with its own length in front. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const restBytes = new TextEncoder().encode(rest).length;
  let length = restBytes + 1;
  while (String(length).length + restBytes !== length) length++;
  return `${length}${rest}`;
}

/** The end of an archive. */
export const TAR_END = new Uint8Array(1024);

/** Several as one. */
export function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A stream of pieces of that many bytes, each in the memory of the one before. */
export async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  const buffer = new Uint8Array(length);
  for (let at = 0; at < bytes.length; at += length) {
    await Promise.resolve();
    const piece = bytes.subarray(at, at + length);
    buffer.set(piece);
    yield buffer.subarray(0, piece.length);
  }
}
