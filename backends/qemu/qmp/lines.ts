import { QmpError } from "./errors.ts";

/** The part of a connection that lines are read from. */
export interface ByteSource {
  /** Fills the buffer's beginning; null at the end of the stream. */
  read(buffer: Uint8Array): Promise<number | null>;
}

/**
 * Yields the stream's lines without their line ends (LF or CRLF); empty lines are left out. An
 * unfinished line at the end of the stream is dropped, for it can't be a whole message.
 * @param maxLineBytes a longer line is an error: a server that never ends its line must not fill
 *   our memory
 * @throws {QmpError} `protocol` for a line that is too long or is not UTF-8
 */
export async function* readLines(source: ByteSource, maxLineBytes: number): AsyncGenerator<string> {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const buffer = new Uint8Array(16 * 1024);
  let parts: Uint8Array[] = [];
  let lineBytes = 0;
  const keep = (bytes: Uint8Array) => {
    lineBytes += bytes.length;
    if (lineBytes > maxLineBytes) {
      throw new QmpError("protocol", `Message is longer than ${maxLineBytes} bytes`);
    }
    // A copy, because the buffer is filled again by the next read.
    if (bytes.length > 0) parts.push(bytes.slice());
  };
  while (true) {
    const count = await source.read(buffer);
    if (count === null) return;
    let start = 0;
    for (let i = 0; i < count; i++) {
      if (buffer[i] !== 0x0a) continue;
      keep(buffer.subarray(start, i));
      start = i + 1;
      const line = decode(decoder, parts, lineBytes);
      parts = [];
      lineBytes = 0;
      if (line !== "") yield line;
    }
    keep(buffer.subarray(start, count));
  }
}

function decode(decoder: TextDecoder, parts: Uint8Array[], length: number): string {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  try {
    return decoder.decode(bytes).replace(/\r$/, "");
  } catch (cause) {
    throw new QmpError("protocol", "Message is not UTF-8", { cause });
  }
}
