import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { content, downloads, type Fixture, MIB, sha256 } from "../testing/downloads.ts";

const VERSION = { ranges: true, etag: '"one"' };
const BODY = content(3 * MIB + 123);

/** Downloads until the server breaks off for good, after about half. */
async function begin(fixture: Fixture): Promise<void> {
  const half = { ...VERSION, body: BODY, cutAfterBytes: 1.5 * MIB };
  fixture.server.serve("/x", (_, before) => before === 0 ? half : { body: "", status: 503 });
  await assert.rejects(fixture.fetch({ limits: { attempts: 2 } }), { message: /503/ });
  assert.notEqual(await fixture.journal(), undefined);
}

/** Serves the whole and goes on; the start of the first part that was asked for, if it was one. */
async function goOn(fixture: Fixture): Promise<number | undefined> {
  const first = fixture.server.requests.length;
  fixture.server.serve("/x", { ...VERSION, body: BODY });
  const done = await fixture.fetch();
  assert.equal(Buffer.compare(done.content, BODY), 0);
  assert.equal(done.digests.sha256, await sha256(BODY));
  const range = fixture.server.requests[first]?.headers.get("range");
  return range ? Number(/^bytes=(\d+)-/.exec(range)?.[1]) : undefined;
}

Deno.test("download() goes on where an earlier command ended", async () => {
  await using fixture = await downloads();
  await begin(fixture);
  assert.equal(await goOn(fixture), 1.5 * MIB);
});

Deno.test("download() of a file that is here whole asks for its last byte only", async () => {
  await using fixture = await downloads();
  fixture.server.serve("/x", { ...VERSION, body: BODY });
  await fixture.fetch();
  const done = await fixture.fetch();
  assert.equal(Buffer.compare(done.content, BODY), 0);
  assert.equal(done.digests.sha256, await sha256(BODY));
  const { length } = BODY;
  assert.deepEqual(
    fixture.server.requests.map((request) => request.headers.get("range")),
    [null, `bytes=${length - 1}-${length - 1}`],
  );
  const other = content(3 * MIB + 123, 2);
  fixture.server.serve("/x", { ranges: true, etag: '"two"', body: other });
  assert.equal(Buffer.compare((await fixture.fetch()).content, other), 0);
});

Deno.test("download() begins anew when the file has changed since, is shorter, or is gone", async () => {
  for (const length of [7 * MIB, MIB]) {
    await using fixture = await downloads();
    await begin(fixture);
    const other = content(length, 2);
    fixture.server.serve("/x", { ranges: true, etag: '"two"', body: other });
    const done = await fixture.fetch();
    assert.equal(Buffer.compare(done.content, other), 0);
    assert.equal(done.digests.sha256, await sha256(other));
  }
  await using fixture = await downloads();
  await begin(fixture);
  fixture.server.serve("/x", { body: "", status: 416 });
  await assert.rejects(fixture.fetch({ limits: { attempts: 2 } }), { message: /416/ });
  fixture.server.serve("/x", { body: "", status: 404 });
  await assert.rejects(fixture.fetch(), { code: "not-found" });
});

Deno.test("download() says of a server that it promises more than it has", async () => {
  for (const etag of ['"one"', undefined]) {
    await using fixture = await downloads();
    await begin(fixture);
    // It still says the length of before, and has nothing behind the middle.
    fixture.server.serve(
      "/x",
      (request) =>
        request.headers.has("range")
          ? { body: "", status: 416, ...(etag === undefined ? {} : { etag }) }
          : { ...VERSION, body: BODY, cutAfterBytes: 1.5 * MIB },
    );
    await assert.rejects(fixture.fetch({ limits: { attempts: 2 } }), {
      message: /says that it has \d+ bytes, and does not give what is after \d+/,
      hint: /whoever runs the server/,
    });
  }
});

Deno.test("download() believes nothing of what is not as it was written", async () => {
  const damages: [string, (fixture: Fixture) => Promise<void>][] = [
    ["a byte", async ({ dataPath }) => {
      using file = await Deno.open(dataPath, { write: true });
      await file.seek(MIB + 7, Deno.SeekMode.Start);
      await file.write(new Uint8Array([1, 2, 3]));
    }],
    ["shorter data", ({ dataPath }) => Deno.truncate(dataPath, MIB)],
    ["no data", ({ dataPath }) => Deno.remove(dataPath)],
    ["torn journal", ({ journalPath }) => Deno.truncate(journalPath, 50)],
    ["empty journal", ({ journalPath }) => Deno.truncate(journalPath, 0)],
    ["no journal", ({ journalPath }) => Deno.remove(journalPath)],
    ["other version", async ({ journalPath }) => {
      const text = await Deno.readTextFile(journalPath);
      await Deno.writeTextFile(journalPath, text.replace('"version":1', '"version":2'));
    }],
    ["no validator", async ({ journalPath }) => {
      const journal = JSON.parse(await Deno.readTextFile(journalPath));
      await Deno.writeTextFile(journalPath, JSON.stringify({ ...journal, validators: {} }));
    }],
  ];
  for (const [name, damage] of damages) {
    await using fixture = await downloads();
    await begin(fixture);
    await damage(fixture);
    assert.equal(await goOn(fixture), undefined, name);
  }
});
