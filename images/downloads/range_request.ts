import { CocoonError } from "../../errors/error.ts";
import type { HttpDownload } from "../sources/http.ts";
import { isEncoded } from "../sources/http_body.ts";
import type { RemoteFile } from "./remote_file.ts";
import { StartAnew } from "./start_anew.ts";
import { contradicts, ifRange, parseContentRange, type Validators } from "./validators.ts";

/** A part of one version of a file. */
export interface RangeRequest {
  file: RemoteFile;
  signal: AbortSignal;
  /** Of the version. */
  validators: Validators;
  totalBytes: number;
  start: number;
  /** First byte after the part. */
  end: number;
}

/**
 * Asks for a part of a file, and takes the answer only if it is of that part (or of its beginning)
 * and of that version.
 * @throws {StartAnew} when the server has another version now, or gives no parts
 */
export async function openRange(request: RangeRequest): Promise<HttpDownload> {
  const { file, signal, validators, start, end } = request;
  const condition = file.isFixed ? undefined : ifRange(validators);
  const open = await file.open(signal, {
    headers: {
      range: `bytes=${start}-${end - 1}`,
      ...(condition === undefined ? {} : { "if-range": condition }),
    },
    statuses: [200, 206, 416],
  });
  try {
    checkAnswer(open, request);
    return open;
  } catch (error) {
    await open[Symbol.asyncDispose]();
    throw error;
  }
}

function checkAnswer({ status, headers, totalBytes }: HttpDownload, request: RangeRequest): void {
  const { validators, file } = request;
  if (!file.isFixed && contradicts(validators, headers)) throw changed();
  // Of the same version, as far as it says: then it has promised what it does not have.
  if (status === 416) throw promisedMore(request);
  if (status === 200) {
    const same = totalBytes === undefined || totalBytes === request.totalBytes;
    throw same ? noRanges("it sends the whole file instead of a part of it") : changed();
  }
  const range = parseContentRange(headers.get("content-range"));
  if (range?.totalBytes !== undefined && range.totalBytes !== request.totalBytes) {
    const isSame = file.isFixed || headers.has("etag");
    throw isSame ? promisedMore(request) : changed();
  }
  const wrong = range === undefined || range.start !== request.start || range.end > request.end ||
    range.end <= range.start || isEncoded(headers) ||
    (totalBytes !== undefined && totalBytes !== range.end - range.start);
  if (wrong) throw noRanges("it sends another part of the file than was asked for");
}

/** The server has another version of the file. */
export function changed(): StartAnew {
  const failure = new CocoonError("failed", "it changes on the server while it is downloaded", {
    hint: "Is it just being published? Try again later, or take the address of a fixed version.",
  });
  return new StartAnew(failure, true);
}

/** The server ends the file before the length that it said. */
function promisedMore({ totalBytes, start }: RangeRequest): StartAnew {
  const failure = new CocoonError(
    "failed",
    `the server says that it has ${totalBytes} bytes, and does not give what is after ${start}`,
    { hint: "Tell whoever runs the server; the file may be damaged there. Or try again later." },
  );
  return new StartAnew(failure, true);
}

/** The server cannot be asked for parts of the file. */
export function noRanges(why: string): StartAnew {
  return new StartAnew(new CocoonError("failed", `the server does not follow HTTP: ${why}`), false);
}
