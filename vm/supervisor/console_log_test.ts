import assert from "node:assert/strict";
import { readTail, rotateLog } from "./console_log.ts";

function withFolder(body: (path: string) => void): void {
  const root = Deno.makeTempDirSync({ dir: "/tmp" });
  try {
    body(`${root}/console.log`);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

Deno.test("rotateLog() leaves a log alone that is not full", () =>
  withFolder((path) => {
    assert.equal(rotateLog(path, 10), false, "absent");
    Deno.writeTextFileSync(path, "123456789");
    assert.equal(rotateLog(path, 10), false);
    assert.equal(Deno.readTextFileSync(path), "123456789");
  }));

Deno.test("rotateLog() keeps the newest logs in order and drops the oldest", () =>
  withFolder((path) => {
    for (const content of ["first", "second", "third", "fourth"]) {
      Deno.writeTextFileSync(path, content);
      assert.equal(rotateLog(path, 3, 2), true);
      assert.equal(Deno.readTextFileSync(path), "");
    }
    assert.equal(Deno.readTextFileSync(`${path}.1`), "fourth");
    assert.equal(Deno.readTextFileSync(`${path}.2`), "third");
    assert.throws(() => Deno.statSync(`${path}.3`), Deno.errors.NotFound);
  }));

Deno.test("rotateLog() cuts under a writer that appends, which then fills it from the start", () =>
  withFolder((path) => {
    using writer = Deno.openSync(path, { append: true, create: true });
    writer.writeSync(new TextEncoder().encode("before"));
    rotateLog(path, 1);
    writer.writeSync(new TextEncoder().encode("after"));
    assert.equal(Deno.readTextFileSync(path), "after");
  }));

Deno.test("rotateLog() keeps the older logs when the copy fails, and the log itself", () =>
  withFolder((path) => {
    Deno.writeTextFileSync(`${path}.1`, "older");
    // A folder in the copy's place: it fails as on a full disk.
    Deno.mkdirSync(`${path}.new/x`, { recursive: true });
    Deno.writeTextFileSync(path, "x".repeat(10));
    assert.throws(() => rotateLog(path, 10));
    assert.equal(Deno.readTextFileSync(`${path}.1`), "older");
    assert.equal(Deno.statSync(path).size, 10);
  }));

Deno.test("readTail() gives the last bytes, and nothing of an absent log", () =>
  withFolder((path) => {
    assert.equal(readTail(path, 4).length, 0);
    Deno.writeTextFileSync(path, "0123456789");
    assert.equal(new TextDecoder().decode(readTail(path, 4)), "6789");
    assert.equal(new TextDecoder().decode(readTail(path, 40)), "0123456789");
  }));
