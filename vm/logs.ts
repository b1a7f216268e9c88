import { CocoonError } from "../errors/error.ts";
import { dirname, join } from "../host/path.ts";
import type { Home } from "../state/home.ts";

/** The logs of a machine: what its guest, its hypervisor and its supervisor wrote. */
export type LogName = "console" | "hypervisor" | "supervisor";

const FOLLOW_INTERVAL_MS = 200;
const CHUNK_BYTES = 64 * 1024;

/** Path of a machine's log. */
export function logPath(home: Home, id: string, log: LogName): string {
  return join(home.machineDir(id), `${log}.log`);
}

/**
 * The last `lines` lines of a log (all of it if undefined), then, with `follow`, what is appended,
 * until `signal` is aborted or the log's folder is gone, with its machine. A log that is cut
 * meanwhile (rotation) is followed from its start.
 */
export async function* readLog(
  path: string,
  options: { lines?: number; follow: boolean; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  let position = options.lines === undefined ? 0 : startOfLastLines(path, options.lines);
  while (true) {
    const size = sizeOf(path);
    if (size < position) position = 0;
    while (position < size) {
      const data = readAt(path, position, Math.min(CHUNK_BYTES, size - position));
      if (data.length === 0) break;
      position += data.length;
      yield data;
    }
    if (!options.follow || options.signal.aborted || !exists(dirname(path))) return;
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_INTERVAL_MS));
    if (options.signal.aborted) return;
  }
}

/** The lines of a text that comes in pieces, without what ends them; the last one may be cut off. */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const piece of pieces) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) yield line.replace(/\r$/, "");
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}

function startOfLastLines(path: string, lines: number): number {
  const size = sizeOf(path);
  if (lines === 0) return size;
  let end = size;
  let found = 0;
  while (end > 0) {
    const start = Math.max(0, end - CHUNK_BYTES);
    const data = readAt(path, start, end - start);
    for (let index = data.length - 1; index >= 0; index--) {
      // The newline that ends the last line does not begin another one.
      if (data[index] !== 0x0a || start + index === size - 1) continue;
      found++;
      if (found === lines) return start + index + 1;
    }
    end = start;
  }
  return 0;
}

function readAt(path: string, position: number, length: number): Uint8Array {
  try {
    using file = Deno.openSync(path);
    file.seekSync(position, Deno.SeekMode.Start);
    const buffer = new Uint8Array(length);
    return buffer.subarray(0, file.readSync(buffer) ?? 0);
  } catch (cause) {
    throw new CocoonError("failed", `${path}: cannot be read: ${String(cause)}`, { cause });
  }
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}
