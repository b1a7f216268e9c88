import { MAX_DISK_BYTES } from "../limits.ts";
import type { ByteSource } from "./byte_source.ts";
import { damaged } from "./damaged.ts";
import { BLOCK_BYTES, readPaxRecords, readTarHeader, readText } from "./tar_header.ts";
import {
  checkMap,
  readMapInData,
  readOldGnuMap,
  readPaxSparse,
  type SparseMap,
  type SparseRun,
} from "./tar_sparse.ts";

/** A regular file in an archive. */
export interface TarMember {
  /** As it stands there: for messages only, never a path. */
  name: string;
  /** Length of the file in bytes, holes included. */
  bytes: number;
  /** Its content, once, before the next member is asked for; what is not read is passed over. */
  content: AsyncGenerator<Uint8Array>;
  /** Bytes of the archive up to the next header. */
  readonly unread: { bytes: number };
}

/** Names and attributes; the standard has no limit, real ones have some hundred bytes. */
const MAX_EXTENSION_BYTES = 1024 * 1024;
const ZEROS = new Uint8Array(1024 * 1024);

/** What stands in front of a member and is of it. */
interface Extension {
  name?: string | undefined;
  records: [string, string][];
}

/**
 * The regular files of a tar archive, in order. The source is read to its very end, beyond the
 * archive's, so that whoever unpacks it sees its checksums.
 * @throws {CocoonError} `failed` for a damaged archive or one that is cut off
 */
export async function* tarMembers(source: ByteSource): AsyncGenerator<TarMember> {
  let extension: Extension = { records: [] };
  const next = async () => {
    const block = await source.take(BLOCK_BYTES);
    if (block.length < BLOCK_BYTES) throw damaged("tar", "it ends without its end mark");
    return block;
  };
  while (true) {
    const block = await next();
    if (block.every((byte) => byte === 0)) break;
    const header = readTarHeader(block);
    if (header.type === "g") {
      await readExtension(source, header.size); // names no file
    } else if (header.type === "x") {
      const records = readPaxRecords(await readExtension(source, header.size));
      if (records === undefined) throw damaged("tar", "an extended header is torn");
      extension.records.push(...records);
    } else if (header.type === "L") {
      extension.name = readText(await readExtension(source, header.size));
    } else if (header.type === "K") {
      await readExtension(source, header.size);
    } else {
      const member = await open(source, block, header, extension, next);
      extension = { records: [] };
      const isFile = header.type === "0" || header.type === "S";
      if (isFile && !member.name.endsWith("/")) yield member;
      // What the user of the member has left, and the rest of its last block.
      if (!await source.passOver(member.unread.bytes)) throw cutInFile();
    }
  }
  while ((await source.some(Infinity)) !== undefined);
}

async function readExtension(source: ByteSource, size: number): Promise<Uint8Array> {
  if (size > MAX_EXTENSION_BYTES) throw damaged("tar", "a name of more than a megabyte");
  const bytes = await source.take(size);
  const isPadded = await source.passOver(padded(size) - size);
  if (bytes.length < size || !isPadded) throw damaged("tar", "a name is cut off");
  return bytes;
}

async function open(
  source: ByteSource,
  block: Uint8Array,
  header: { type: string; name: string; size: number },
  { name, records }: Extension,
  next: () => Promise<Uint8Array>,
): Promise<TarMember> {
  const last = (key: string) => records.findLast(([other]) => other === key)?.[1];
  const shown = last("GNU.sparse.name") ?? last("path") ?? name ?? header.name;
  let dataBytes = sizeOf(last("size"), header.size);
  let map: SparseMap | undefined;
  let mapBytes = 0;
  const pax = readPaxSparse(records);
  if (header.type === "S") {
    map = await readOldGnuMap(block, next);
  } else if (pax?.kind === "map") {
    map = pax.map;
  } else if (pax?.kind === "in-data") {
    const inData = await readMapInData(pax.realBytes, next);
    map = inData.map;
    mapBytes = inData.blocks * BLOCK_BYTES;
  }
  dataBytes -= mapBytes;
  const bytes = map?.realBytes ?? dataBytes;
  const possible = (length: number) => length >= 0 && length <= MAX_DISK_BYTES;
  // Not a number is not possible either.
  if (!possible(dataBytes) || !possible(bytes)) {
    throw damaged("tar", "the length of a file is impossible");
  }
  if (map !== undefined) checkMap(map, dataBytes);
  const unread = { bytes: padded(dataBytes) };
  const runs = map?.runs ?? [{ offset: 0, length: dataBytes }];
  return { name: shown, bytes, unread, content: contentOf(source, unread, bytes, runs) };
}

function sizeOf(record: string | undefined, inHeader: number): number {
  if (record === undefined) return inHeader;
  return /^\d{1,15}$/.test(record) ? Number(record) : NaN;
}

async function* contentOf(
  source: ByteSource,
  unread: { bytes: number },
  fileBytes: number,
  runs: readonly SparseRun[],
): AsyncGenerator<Uint8Array> {
  let position = 0;
  for (const { offset, length } of runs) {
    yield* zeros(offset - position);
    for (let left = length; left > 0;) {
      const part = await source.some(left);
      if (part === undefined) throw cutInFile();
      left -= part.length;
      unread.bytes -= part.length;
      yield part;
    }
    position = offset + length;
  }
  yield* zeros(fileBytes - position);
}

function* zeros(length: number): Generator<Uint8Array> {
  for (let left = length; left > 0; left -= ZEROS.length) {
    yield ZEROS.subarray(0, Math.min(left, ZEROS.length));
  }
}

function cutInFile(): Error {
  return damaged("tar", "it ends in the middle of a file");
}

function padded(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}
