import { CocoonError } from "../../errors/error.ts";
import { publicSource } from "../reference.ts";
import { type HttpLimits, openHttp } from "./http.ts";
import { pause } from "./deadline.ts";
import { TransientError } from "./http_errors.ts";

/** Largest file of this kind: the checksums of all of a distribution's images are some kilobytes. */
const MAX_BYTES = 1024 * 1024;
const ATTEMPTS = 3;
const RETRY_DELAY_MS = 500;

/** Options of {@linkcode readSmallFile}. */
export interface SmallFileOptions {
  http?: HttpLimits | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Reads a checksum file, a signature or a key whole.
 * @param source an http(s) URL, or the absolute path of a file
 * @throws {CocoonError} `not-found` or `failed`, with the source in front (without a password); `failed` above 1 MiB
 */
export async function readSmallFile(
  source: string,
  options: SmallFileOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return /^https?:/.test(source)
      ? await download(new URL(source), options)
      : await Deno.readFile(source);
  } catch (cause) {
    const shown = publicSource(source);
    if (cause instanceof Deno.errors.NotFound) {
      throw new CocoonError("not-found", `${shown}: no such file`, { cause });
    }
    if (!(cause instanceof CocoonError) || cause.code === "interrupted") throw cause;
    const hint = cause.hint === undefined ? {} : { hint: cause.hint };
    throw new CocoonError(cause.code, `${shown}: ${cause.message}`, { cause, ...hint });
  }
}

async function download(url: URL, options: SmallFileOptions): Promise<Uint8Array<ArrayBuffer>> {
  for (let attempt = 1;; attempt++) {
    try {
      return await downloadOnce(url, options);
    } catch (error) {
      if (!(error instanceof TransientError) || attempt >= ATTEMPTS) throw error;
      await pause(RETRY_DELAY_MS * attempt, options.signal ?? new AbortController().signal);
    }
  }
}

async function downloadOnce(
  url: URL,
  { http, signal }: SmallFileOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  await using answer = await openHttp(url, http, signal);
  let bytes = new Uint8Array(0);
  for await (const chunk of answer.chunks) {
    const longer = new Uint8Array(bytes.length + chunk.length);
    if (longer.length > MAX_BYTES) {
      throw new CocoonError("failed", `it is larger than ${MAX_BYTES} bytes`);
    }
    longer.set(bytes);
    longer.set(chunk, bytes.length);
    bytes = longer;
  }
  return bytes;
}
