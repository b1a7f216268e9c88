/** Unpacks what kernels are packed with. gzip and zstd by ourselves, the rest by their programs. */
import { CocoonError, messageOf } from "../errors/error.ts";
import type { Host } from "../plugins/contract.ts";
import { type ByteRange, readRange, readStart, within } from "./byte_range.ts";
import { zstdFrames } from "./zstd_frames.ts";

/** Formats that can be unpacked. */
export type Compression = "gzip" | "zstd" | "xz" | "lzma" | "bzip2" | "lz4" | "lzo";

/** Programs for the formats that we have no decoder for; they read and write streams. */
const PROGRAMS: Partial<Record<Compression, [program: string, ...args: string[]]>> = {
  xz: ["xz", "--decompress", "--stdout"],
  lzma: ["xz", "--format=lzma", "--decompress", "--stdout"],
  bzip2: ["bzip2", "--decompress", "--stdout"],
  lz4: ["lz4", "-d", "-c"],
  lzo: ["lzop", "--decompress", "--stdout"],
};

/** Packed data that is damaged, too large unpacked, or not what it says. */
export class UnpackError extends Error {
  override readonly name = "UnpackError";
}

/**
 * Finds out whether a format can be unpacked on this computer.
 * @throws {CocoonError} `host-lacks` when its program is missing
 */
export function requireDecoder(host: Pick<Host, "which" | "os">, compression: Compression): void {
  const program = PROGRAMS[compression]?.[0];
  if (program === undefined || host.which(program) !== undefined) return;
  throw new CocoonError("host-lacks", `${program}: program not found; it unpacks ${compression}`, {
    hint: host.os === "darwin" ? `brew install ${program}` : `sudo apt install ${program}`,
  });
}

/**
 * Unpacks a part of a file; data behind the packed stream (a signature) is passed over.
 * @param limitBytes most bytes that may come out
 * @param write gets the unpacked bytes in order; they are its own
 * @throws {UnpackError} when the data is damaged or too large; what `write` got is then worthless
 */
export async function unpack(
  source: ByteRange,
  compression: Compression,
  limitBytes: number,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  let total = 0;
  const counted = async (bytes: Uint8Array) => {
    total += bytes.length;
    if (total > limitBytes) {
      throw new UnpackError(`more than ${limitBytes / 2 ** 20} MiB unpacked`);
    }
    await write(bytes);
  };
  try {
    if (compression === "gzip") return await unpackGzip(source, counted);
    if (compression === "zstd") return await unpackZstd(source, counted);
    await runDecoder(source, compression, counted);
  } catch (error) {
    if (error instanceof UnpackError || error instanceof CocoonError) throw error;
    // zlib's errors have codes; anything else (a full disk) is not the data's fault.
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (typeof code !== "string" || !/^(Z_|ZSTD_|ERR_)/.test(code)) throw error;
    throw new UnpackError(`damaged ${compression} data (${messageOf(error)})`);
  }
}

type Write = (bytes: Uint8Array) => Promise<void>;

/**
 * RFC 1952. The parts are taken apart here because a decoder for the whole takes anything behind
 * the stream for damage, and signed kernels end with a signature.
 */
async function unpackGzip(source: ByteRange, write: Write): Promise<void> {
  const { createInflateRaw, crc32 } = await import("node:zlib");
  const headBytes = gzipHeaderBytes(await readStart(source, 64 * 1024));
  const body = within(source, headBytes);
  const decoder = createInflateRaw();
  let crc = 0;
  let size = 0;
  await pump(body, decoder, async (bytes) => {
    crc = crc32(bytes, crc);
    size = (size + bytes.length) % 2 ** 32;
    await write(bytes);
  });
  const trailer = await readStart(within(body, decoder.bytesWritten), 8);
  const view = new DataView(trailer.buffer, trailer.byteOffset, trailer.byteLength);
  if (
    trailer.length < 8 || view.getUint32(0, true) !== crc >>> 0 || view.getUint32(4, true) !== size
  ) {
    throw new UnpackError("damaged gzip data (its checksum is another)");
  }
}

/** Length of the header; names and comments in it end with a zero byte. */
function gzipHeaderBytes(head: Uint8Array): number {
  const flags = head[3] ?? 0;
  let at = 10;
  if (flags & 0x04) at += 2 + (head[at] ?? 0) + 256 * (head[at + 1] ?? 0);
  for (const flag of [0x08, 0x10]) {
    if ((flags & flag) === 0) continue;
    const end = head.indexOf(0, at);
    if (end < 0) throw new UnpackError("damaged gzip data (its header has no end)");
    at = end + 1;
  }
  if (flags & 0x02) at += 2;
  return at;
}

async function unpackZstd(source: ByteRange, write: Write): Promise<void> {
  const { createZstdDecompress } = await import("node:zlib");
  const frames = await zstdFrames(source);
  if (frames === undefined) throw new UnpackError("damaged zstd data (it ends too early)");
  for (const frame of frames) await pump(frame, createZstdDecompress(), write);
}

interface Decoder extends AsyncIterable<unknown> {
  destroy(): void;
}

/** Sends the source through a stream of `node:zlib`, at the pace of `write`. */
async function pump(source: ByteRange, decoder: Decoder, write: Write): Promise<void> {
  const { Readable } = await import("node:stream");
  const input = Readable.from(readRange(source));
  // A decoder is a Duplex, of which Decoder names what is used here.
  const output = input.pipe(decoder as unknown as import("node:stream").Duplex);
  input.once("error", (error) => output.destroy(error));
  try {
    for await (const bytes of decoder) await write(bytes as Uint8Array); // zlib gives bytes only
  } finally {
    input.destroy();
    decoder.destroy();
  }
}

async function runDecoder(
  source: ByteRange,
  compression: Exclude<Compression, "gzip" | "zstd">,
  write: Write,
): Promise<void> {
  const [program, ...args] = PROGRAMS[compression] ?? [];
  if (program === undefined) throw new TypeError(`no program unpacks ${compression}`);
  let child: Deno.ChildProcess;
  try {
    child = new Deno.Command(program, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
  } catch (cause) {
    throw new CocoonError("host-lacks", `${program}: cannot be started: ${messageOf(cause)}`, {
      cause,
    });
  }
  // It stops reading where its stream ends, or when it is killed; its status tells which.
  const fed = feed(source, child.stdin).catch(() => {});
  const words = new Response(child.stderr).text();
  try {
    for await (const bytes of child.stdout) await write(bytes);
    const { success } = await child.status;
    if (!success) {
      const said = (await words).trim().split("\n").at(-1);
      throw new UnpackError(`damaged ${compression} data (${said})`);
    }
  } finally {
    try {
      child.kill("SIGKILL");
    } catch { /* it has ended */ }
    await Promise.all([fed, words, child.status]);
  }
}

async function feed(source: ByteRange, stdin: WritableStream<Uint8Array>): Promise<void> {
  const writer = stdin.getWriter();
  for await (const chunk of readRange(source)) await writer.write(chunk);
  await writer.close();
}
