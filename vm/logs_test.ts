import assert from "node:assert/strict";
import { linesOf, readLog } from "./logs.ts";

async function withLog(text: string, body: (path: string) => Promise<void>): Promise<void> {
  const path = Deno.makeTempFileSync({ dir: "/tmp" });
  try {
    Deno.writeTextFileSync(path, text);
    await body(path);
  } finally {
    Deno.removeSync(path);
  }
}

async function read(path: string, lines?: number): Promise<string> {
  const { signal } = new AbortController();
  const chunks = readLog(path, {
    ...(lines === undefined ? {} : { lines }),
    follow: false,
    signal,
  });
  let text = "";
  for await (const chunk of chunks) text += new TextDecoder().decode(chunk);
  return text;
}

Deno.test("readLog() gives all, or the last lines", () =>
  withLog("one\ntwo\nthree\n", async (path) => {
    assert.equal(await read(path), "one\ntwo\nthree\n");
    assert.equal(await read(path, 2), "two\nthree\n");
    assert.equal(await read(path, 9), "one\ntwo\nthree\n");
    assert.equal(await read(path, 0), "");
  }));

Deno.test("readLog() counts a last line that has no end yet", () =>
  withLog("one\ntwo\nthr", async (path) => assert.equal(await read(path, 2), "two\nthr")));

Deno.test("readLog() finds lines across its pieces of 64 KiB", () =>
  withLog(`${"x".repeat(100_000)}\n${"y".repeat(100_000)}\n`, async (path) => {
    assert.equal(await read(path, 1), `${"y".repeat(100_000)}\n`);
  }));

Deno.test("readLog() gives nothing of a log that is not there", async () => {
  assert.equal(await read("/nonexistent/console.log"), "");
});

Deno.test("readLog() follows what is appended, also after the log was cut", () =>
  withLog("old\n", async (path) => {
    const controller = new AbortController();
    const chunks = readLog(path, { lines: 0, follow: true, signal: controller.signal });
    const texts: string[] = [];
    const reading = (async () => {
      for await (const chunk of chunks) {
        texts.push(new TextDecoder().decode(chunk));
        if (texts.join("").includes("second")) controller.abort();
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 50));
    Deno.writeTextFileSync(path, "first\n", { append: true });
    while (!texts.join("").includes("first")) await new Promise((r) => setTimeout(r, 20));
    Deno.truncateSync(path, 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    Deno.writeTextFileSync(path, "second\n", { append: true });
    await reading;
    assert.equal(texts.join(""), "first\nsecond\n");
  }));

Deno.test("readLog() ends with the folder of the log", async () => {
  const folder = Deno.makeTempDirSync({ dir: "/tmp" });
  Deno.writeTextFileSync(`${folder}/console.log`, "last words\n");
  const { signal } = new AbortController();
  const chunks = readLog(`${folder}/console.log`, { follow: true, signal });
  const first = await chunks.next();
  assert.equal(new TextDecoder().decode(first.value ?? new Uint8Array()), "last words\n");
  Deno.removeSync(folder, { recursive: true });
  assert.equal((await chunks.next()).done, true);
});

Deno.test("linesOf() puts lines together that come in pieces, also inside of a character", async () => {
  const bytes = new TextEncoder().encode("one\r\nzwö\n\nlast");
  const pieces = ReadableStream.from(Array.from(bytes, (byte) => Uint8Array.of(byte)));
  assert.deepEqual(await Array.fromAsync(linesOf(pieces)), ["one", "zwö", "", "last"]);
});
