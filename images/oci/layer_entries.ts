/** What is in a layer of a container image: every entry of its archive, in order. */
import { CocoonError } from "../../errors/error.ts";
import { fileChunks } from "../sources/file.ts";
import { dataRuns } from "../disk/zeros.ts";
import { checkUnpacked, UNPACKED_LIMITS, type UnpackedLimits } from "../unwrap/bounds.ts";
import { ByteSource } from "../unwrap/byte_source.ts";
import { damaged } from "../unwrap/damaged.ts";
import { BLOCK_BYTES, readPaxRecords, readTarHeader, readText } from "../unwrap/tar_header.ts";
import { unpackGzip, unpackZstd } from "../unwrap/zlib_stream.ts";
import { printable } from "./client/errors.ts";

/** One entry of a layer. */
export interface LayerEntry {
  /** Without `./` or `/` at the beginning and `/` at the end; empty for the root. */
  path: string;
  type: "file" | "directory" | "other";
  /** Whether the content is a packed form of a file with holes, which container tools do not make. */
  sparse: boolean;
  /** Can be read once, before the next entry is asked for; what is not read is passed over. */
  content: AsyncGenerator<Uint8Array>;
}

/** Names and attributes; real ones have some hundred bytes. */
const MAX_EXTENSION_BYTES = 1024 * 1024;

const GZIP = [0x1f, 0x8b];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];

/**
 * The archive in a layer's file. Its first bytes tell how it is packed: media types are often wrong.
 * @throws {CocoonError} `failed` (from the iteration) for damaged data, and for what unpacks to far
 * more than any layer does
 */
export async function* layerArchive(
  path: string,
  limits: UnpackedLimits = UNPACKED_LIMITS,
): AsyncGenerator<Uint8Array> {
  using file = await Deno.open(path, { read: true });
  const head = new Uint8Array(ZSTD.length);
  await file.read(head);
  await file.seek(0, Deno.SeekMode.Start);
  const { size } = await file.stat();
  let totalBytes = 0;
  let writtenBytes = 0;
  for await (const piece of unpacked(head, fileChunks(file))) {
    totalBytes += piece.length;
    for (const { start, end } of dataRuns(piece)) writtenBytes += end - start;
    checkUnpacked(size, { totalBytes, writtenBytes }, limits);
    yield piece;
  }
}

function unpacked(
  head: Uint8Array,
  chunks: AsyncGenerator<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const startsWith = (magic: number[]) => magic.every((byte, i) => head[i] === byte);
  if (startsWith(GZIP)) return unpackGzip(chunks);
  return startsWith(ZSTD) ? unpackZstd(chunks) : chunks;
}

/**
 * The entries of an archive, of every type, in order.
 * @throws {CocoonError} `failed` (from the iteration) for a damaged archive, and for one with
 * paths that lead out of it
 */
export async function* layerEntries(
  archive: AsyncIterable<Uint8Array>,
): AsyncGenerator<LayerEntry> {
  const source = new ByteSource(archive);
  try {
    let extension: Record<string, string> = {};
    for (;;) {
      const block = await source.take(BLOCK_BYTES);
      // An archive without its end mark is common in layers, and taken as it is.
      if (block.length < BLOCK_BYTES || block.every((byte) => byte === 0)) break;
      const header = readTarHeader(block);
      const { type } = header;
      if (type === "x" || type === "L" || type === "K" || type === "g") {
        const bytes = await readExtension(source, header.size);
        if (type === "x") extension = { ...extension, ...paxRecords(bytes) };
        if (type === "L") extension = { ...extension, path: readText(bytes) };
        continue;
      }
      const body = new Body(source, sizeOf(extension, header.size));
      yield {
        path: insidePath(extension["path"] ?? header.name),
        type: type === "0" ? "file" : type === "5" ? "directory" : "other",
        sparse: type === "S" || Object.keys(extension).some((key) => key.startsWith("GNU.sparse.")),
        content: body.content(),
      };
      extension = {};
      await body.passOver();
    }
    // To the end of what is packed, whose checksum stands there.
    while ((await source.some(Infinity)) !== undefined);
  } finally {
    await source.close();
  }
}

async function readExtension(source: ByteSource, size: number): Promise<Uint8Array> {
  if (size > MAX_EXTENSION_BYTES) throw damaged("tar", "a name of more than a megabyte");
  const bytes = await source.take(padded(size));
  if (bytes.length < size) throw damaged("tar", "a name is cut off");
  return bytes.subarray(0, size);
}

function paxRecords(bytes: Uint8Array): Record<string, string> {
  const records = readPaxRecords(bytes);
  if (records === undefined) throw damaged("tar", "an extended header is torn");
  return Object.fromEntries(records);
}

function sizeOf({ size }: Record<string, string>, inHeader: number): number {
  if (size === undefined) return inHeader;
  if (!/^\d{1,15}$/.test(size)) throw damaged("tar", "the length of a file is impossible");
  return Number(size);
}

function insidePath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) {
    throw new CocoonError(
      "failed",
      `its archive has the path ${JSON.stringify(printable(path))}, which leads out of it`,
      { hint: "Nothing was written there. Do not trust this image." },
    );
  }
  return parts.join("/");
}

function padded(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/** The bytes of one entry, and those that fill its last block. */
class Body {
  readonly #source: ByteSource;
  #left: number;
  #unread: number;

  constructor(source: ByteSource, size: number) {
    this.#source = source;
    this.#left = size;
    this.#unread = padded(size);
  }

  async *content(): AsyncGenerator<Uint8Array> {
    while (this.#left > 0) {
      const piece = await this.#source.some(this.#left);
      if (piece === undefined) throw damaged("tar", "it ends in the middle of a file");
      this.#left -= piece.length;
      this.#unread -= piece.length;
      yield piece;
    }
  }

  async passOver(): Promise<void> {
    const isThere = await this.#source.passOver(this.#unread);
    if (!isThere) throw damaged("tar", "it ends in the middle of a file");
  }
}
