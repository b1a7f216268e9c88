import assert from "node:assert/strict";
import fc from "fast-check";
import { QmpError } from "./errors.ts";
import { type ByteSource, readLines } from "./lines.ts";

/** A stream that arrives in the given pieces. */
function source(pieces: Uint8Array[]): ByteSource {
  const left = [...pieces];
  return {
    read: (buffer) => {
      const piece = left.shift();
      if (piece === undefined) return Promise.resolve(null);
      const part = piece.subarray(0, buffer.length);
      if (part.length < piece.length) left.unshift(piece.subarray(part.length));
      buffer.set(part);
      return Promise.resolve(part.length);
    },
  };
}

async function linesOf(pieces: Uint8Array[], maxLineBytes = 1000): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readLines(source(pieces), maxLineBytes)) lines.push(line);
  return lines;
}

Deno.test("readLines() gives the same lines however the stream is cut", async () => {
  const line = fc.string({ unit: "binary", minLength: 1 }).map((s) => s.replaceAll(/[\r\n]/g, "_"));
  const cuts = fc.array(fc.nat(400));
  await fc.assert(fc.asyncProperty(fc.array(line), cuts, async (lines, cuts) => {
    const whole = new TextEncoder().encode(lines.map((line) => `${line}\r\n`).join(""));
    const ends = [...new Set(cuts.map((cut) => cut % (whole.length + 1)))].sort((a, b) => a - b);
    const pieces: Uint8Array[] = [];
    let start = 0;
    for (const end of [...ends, whole.length]) {
      pieces.push(whole.subarray(start, end));
      start = end;
    }
    assert.deepEqual(await linesOf(pieces), lines);
  }));
});

Deno.test("readLines() takes a line of exactly the limit and refuses one byte more", async () => {
  const line = (length: number) => [new TextEncoder().encode(`${"x".repeat(length)}\n`)];
  assert.equal((await linesOf(line(1000)))[0]?.length, 1000);
  await assert.rejects(linesOf(line(1001)), (error: QmpError) => error.reason === "protocol");
});

Deno.test("readLines() drops empty lines and an unfinished one", async () => {
  assert.deepEqual(await linesOf([new TextEncoder().encode("\n\r\na\n\nb\nunfinished")]), [
    "a",
    "b",
  ]);
});
