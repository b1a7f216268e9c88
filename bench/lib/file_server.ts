/**
 * A server of one file on loopback, as a mirror has them: with a length, a strong ETag and ranges.
 * It is a process of its own, so that both sides of a comparison wait for the same one.
 */
import { CocoonError } from "../../errors/error.ts";
import { parseRange } from "./range.ts";

/** A server that runs until it is disposed of. */
export interface FileServer extends AsyncDisposable {
  /** Where the file is. */
  readonly url: string;
}

/** Starts one on a free port; it answers when this returns. */
export async function startFileServer(path: string): Promise<FileServer> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", new URL(import.meta.url).pathname, path],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  // One short line in one write; without it the server has ended.
  const { value } = await lines.read();
  const end = async () => {
    try {
      child.kill("SIGKILL");
    } catch { /* it has ended already */ }
    await child.status;
    await lines.cancel();
  };
  if (value === undefined) {
    await end();
    throw new CocoonError("failed", `${path}: the server of the file did not start`);
  }
  return { url: value.trim(), [Symbol.asyncDispose]: end };
}

async function answer(request: Request, path: string, etag: string): Promise<Response> {
  const file = await Deno.open(path);
  const { size } = await file.stat();
  const condition = request.headers.get("if-range");
  const range = condition === null || condition === etag
    ? parseRange(request.headers.get("range"), size)
    : undefined;
  const { start, end } = range ?? { start: 0, end: size };
  const headers = {
    "accept-ranges": "bytes",
    "content-length": String(end - start),
    "content-type": "application/octet-stream",
    etag,
    ...(range === undefined ? {} : { "content-range": `bytes ${start}-${end - 1}/${size}` }),
  };
  const status = range === undefined ? 200 : 206;
  if (request.method === "HEAD") {
    file.close();
    return new Response(null, { status, headers });
  }
  await file.seek(start, Deno.SeekMode.Start);
  const body = end === size ? file.readable : file.readable.pipeThrough(firstBytes(end - start));
  return new Response(body, { status, headers });
}

/** Lets so many bytes through and closes what they come from. */
function firstBytes(count: number): TransformStream<Uint8Array, Uint8Array> {
  let left = count;
  return new TransformStream({
    transform(chunk, controller) {
      controller.enqueue(chunk.subarray(0, left));
      left -= Math.min(left, chunk.length);
      if (left === 0) controller.terminate();
    },
  });
}

if (import.meta.main) {
  const [path = ""] = Deno.args;
  const { size, mtime } = await Deno.stat(path);
  const etag = `"${size.toString(16)}-${(mtime?.getTime() ?? 0).toString(16)}"`;
  Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: ({ port }) => console.log(`http://127.0.0.1:${port}/disk.raw`),
    // A client that goes away is no failure.
    onError: () => new Response(null, { status: 500 }),
  }, (request) => answer(request, path, etag));
}
