import { crc32 } from "node:zlib";
import { FileReader } from "../formats/random_access.ts";
import { type JournalEntry, readJournal } from "./journal.ts";
import type { PartialDownload } from "./partial.ts";
import type { Piece } from "./pieces.ts";
import type { RemoteFile } from "./remote_file.ts";
import { ifRange } from "./validators.ts";

const READ_BYTES = 4 * 1024 * 1024;

/**
 * What an earlier command has downloaded, if all of it is really there: each piece is read and its
 * CRC-32 compared. One piece that is not as it was written, as after a power failure, and nothing
 * of the file is believed.
 */
export async function restore(
  partial: PartialDownload,
  { isFixed }: RemoteFile,
  signal: AbortSignal,
): Promise<JournalEntry | undefined> {
  const entry = await readJournal(partial.journalPath);
  if (entry === undefined) return undefined;
  if (!isFixed && ifRange(entry.validators) === undefined) return undefined;
  const size = (await Deno.stat(partial.dataPath).catch(() => undefined))?.size;
  if (size !== entry.map.totalBytes) return undefined;
  using reader = new FileReader(partial.dataPath);
  const buffer = new Uint8Array(READ_BYTES);
  for (const piece of entry.map.pieces) {
    signal.throwIfAborted();
    if (!isThere(piece, reader, buffer)) return undefined;
    await new Promise((resolve) => setTimeout(resolve));
  }
  return entry;
}

function isThere(piece: Piece, reader: FileReader, buffer: Uint8Array<ArrayBuffer>): boolean {
  let crc = 0;
  for (let done = 0; done < piece.doneBytes;) {
    const bytes = buffer.subarray(0, piece.doneBytes - done);
    if (reader.readAt(bytes, piece.start + done) < bytes.length) return false;
    crc = crc32(bytes, crc);
    done += bytes.length;
  }
  return crc === piece.crc32;
}
