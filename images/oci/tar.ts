/**
 * Reads tar archives as a stream: POSIX ustar and pax (IEEE Std 1003.1-2017, pax), and GNU's long
 * names and large sizes (GNU tar manual, "Basic Tar Format").
 */
import { CocoonError } from "../../errors/error.ts";
import { printable } from "./client/errors.ts";

/** One file in an archive. */
export interface TarEntry {
  /** Without `./` or `/` at the beginning and `/` at the end; the root is an empty text. */
  path: string;
  type: "file" | "directory" | "symlink" | "hardlink" | "other";
  /** Bytes of the content. */
  size: number;
  /** Whether the content is a packed form of a file with holes, which is not read here. */
  sparse: boolean;
  /** Can be read once, before the next entry is asked for; what is not read is skipped. */
  content: AsyncIterable<Uint8Array>;
}

const BLOCK_BYTES = 512;
/** Extended headers hold names; real ones have a few hundred bytes. */
const MAX_EXTENSION_BYTES = 1024 * 1024;

const TYPES: Readonly<Record<string, TarEntry["type"]>> = {
  "\0": "file",
  "0": "file",
  "7": "file",
  S: "file",
  "1": "hardlink",
  "2": "symlink",
  "5": "directory",
};

/**
 * The entries of an archive, in order. The stream is read to its end.
 * @throws {CocoonError} `failed` (from the iteration) for a damaged archive, and for one with
 * paths that lead out of it
 */
export async function* readTar(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const source = new ByteSource(chunks);
  try {
    let extended: Record<string, string> = {};
    let global: Record<string, string> = {};
    for (;;) {
      const block = await source.take(BLOCK_BYTES);
      // An end without the two blocks of zeros is common and taken as the end.
      if (block === undefined || block.every((byte) => byte === 0)) break;
      const header = parseHeader(block);
      if (header.type === "x" || header.type === "g") {
        const records = parsePax(await extension(source, header.size));
        if (header.type === "x") extended = { ...extended, ...records };
        else global = { ...global, ...records };
        continue;
      }
      if (header.type === "L" || header.type === "K") {
        const name = text(await extension(source, header.size));
        extended = { ...extended, [header.type === "L" ? "path" : "linkpath"]: name };
        continue;
      }
      const pax = { ...global, ...extended };
      extended = {};
      const size = pax["size"] === undefined ? header.size : paxSize(pax["size"]);
      const type = TYPES[header.type] ?? "other";
      const body = new Body(source, storesContent(header.type) ? size : 0);
      yield {
        path: insidePath(pax["GNU.sparse.name"] ?? pax["path"] ?? header.path),
        type,
        size,
        sparse: header.type === "S" ||
          Object.keys(pax).some((key) => key.startsWith("GNU.sparse.")),
        content: body,
      };
      await body.skip();
    }
    await source.drain();
  } finally {
    await source.end();
  }
}

/** Links, directories and devices have no content, even if their size says so. */
function storesContent(type: string): boolean {
  return !["1", "2", "3", "4", "5", "6"].includes(type);
}

interface Header {
  path: string;
  type: string;
  size: number;
}

function parseHeader(block: Uint8Array): Header {
  let sum = 0;
  for (const [i, byte] of block.entries()) sum += i >= 148 && i < 156 ? 0x20 : byte;
  if (sum !== parseOctal(block.subarray(148, 156))) throw damaged("a header has a wrong checksum");
  const ustar = text(block.subarray(257, 262)) === "ustar";
  const name = text(block.subarray(0, 100));
  // GNU's archives ("ustar  ") have other things where POSIX has the prefix.
  const prefix = ustar && block[263] === 0x30 ? text(block.subarray(345, 500)) : "";
  return {
    path: prefix === "" ? name : `${prefix}/${name}`,
    type: String.fromCharCode(block[156] ?? 0),
    size: parseNumber(block.subarray(124, 136)),
  };
}

/** Octal digits, or (first bit set) a big-endian number. */
function parseNumber(field: Uint8Array): number {
  const first = field[0] ?? 0;
  if ((first & 0x80) === 0) return parseOctal(field);
  let value = first & 0x7f;
  for (const byte of field.subarray(1)) value = value * 256 + byte;
  if (!Number.isSafeInteger(value)) throw damaged("a file is larger than any disk");
  return value;
}

function parseOctal(field: Uint8Array): number {
  const digits = text(field).trim();
  if (!/^[0-7]*$/.test(digits)) throw damaged("a number in a header is none");
  return digits === "" ? 0 : parseInt(digits, 8);
}

function paxSize(value: string): number {
  const size = Number(value);
  if (!/^\d+$/.test(value) || !Number.isSafeInteger(size)) throw damaged("a size is no number");
  return size;
}

/** Records of the form `LENGTH KEY=VALUE\n`; the length counts all of it, in bytes. */
function parsePax(bytes: Uint8Array): Record<string, string> {
  const records: Record<string, string> = {};
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(0x20, at);
    const length = Number(text(bytes.subarray(at, Math.max(at, space))));
    if (space < 0 || !Number.isInteger(length) || length <= space - at + 1) {
      throw damaged("an extended header cannot be read");
    }
    const record = text(bytes.subarray(space + 1, at + length - 1));
    const equals = record.indexOf("=");
    if (equals < 1 || at + length > bytes.length) {
      throw damaged("an extended header cannot be read");
    }
    records[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  return records;
}

async function extension(source: ByteSource, size: number): Promise<Uint8Array> {
  if (size > MAX_EXTENSION_BYTES) throw damaged("an extended header is too long");
  const padded = Math.ceil(size / BLOCK_BYTES) * BLOCK_BYTES;
  const bytes = await source.take(padded);
  if (bytes === undefined) throw damaged("it ends in a header");
  return bytes.subarray(0, size);
}

/** Up to the first NUL. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(end < 0 ? bytes : bytes.subarray(0, end));
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

function damaged(why: string): CocoonError {
  return new CocoonError("failed", `its archive is damaged: ${why}`, {
    hint: "Tell whoever published the image.",
  });
}

/** The content of one entry. */
class Body implements AsyncIterable<Uint8Array> {
  readonly #source: ByteSource;
  readonly #paddingBytes: number;
  #left: number;

  constructor(source: ByteSource, size: number) {
    this.#source = source;
    this.#left = size;
    this.#paddingBytes = (BLOCK_BYTES - size % BLOCK_BYTES) % BLOCK_BYTES;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    while (this.#left > 0) {
      const piece = await this.#source.some(this.#left);
      if (piece === undefined) throw damaged("it ends in a file");
      this.#left -= piece.length;
      yield piece;
    }
  }

  async skip(): Promise<void> {
    for await (const _ of this);
    if (this.#paddingBytes > 0 && await this.#source.take(this.#paddingBytes) === undefined) {
      throw damaged("it ends in a file");
    }
  }
}

/** Takes pieces of a wanted length out of a stream. */
class ByteSource {
  readonly #iterator: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#iterator = chunks[Symbol.asyncIterator]();
  }

  /** Up to `maximum` bytes that are there; undefined at the end. */
  async some(maximum: number): Promise<Uint8Array | undefined> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#iterator.next();
      if (done) return undefined;
      this.#rest = value;
    }
    const piece = this.#rest.subarray(0, maximum);
    this.#rest = this.#rest.subarray(piece.length);
    return piece;
  }

  /** Exactly `length` bytes; undefined at the end, also when only some are left. */
  async take(length: number): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length;) {
      const piece = await this.some(length - filled);
      if (piece === undefined) return undefined;
      bytes.set(piece, filled);
      filled += piece.length;
    }
    return bytes;
  }

  /** Reads what is left, for whoever checks the stream. */
  async drain(): Promise<void> {
    this.#rest = new Uint8Array();
    while (!(await this.#iterator.next()).done);
  }

  /** Tells the stream that nobody reads on. */
  async end(): Promise<void> {
    await this.#iterator.return?.();
  }
}
