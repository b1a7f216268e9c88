import assert from "node:assert/strict";
import fc from "fast-check";
import { CocoonError } from "../errors/error.ts";
import { type IsoFile, writeIso9660 } from "./iso9660.ts";
import { readIso9660 } from "./iso9660_read.ts";

const DATE = new Date("2024-05-06T07:08:09Z");

Deno.test("readIso9660() gives back the files that writeIso9660() was given", () => {
  const file = fc.record({
    name: fc.stringMatching(/^[a-zA-Z0-9äöü][a-zA-Z0-9äöü._-]{0,59}$/),
    data: fc.uint8Array({ maxLength: 5000 }),
  });
  fc.assert(
    fc.property(fc.uniqueArray(file, { selector: (f) => f.name, maxLength: 60 }), (files) => {
      const read = readIso9660(writeIso9660({ label: "cidata", files, date: DATE }));
      const byName = (list: readonly IsoFile[]) =>
        Object.fromEntries(list.map(({ name, data }) => [name, Array.from(data)]));
      assert.equal(read.length, files.length);
      assert.deepEqual(byName(read), byName(files));
    }),
    { numRuns: 40 },
  );
});

Deno.test("readIso9660() refuses what is no such image, and one that was cut off", () => {
  const refused = (image: Uint8Array) =>
    assert.throws(
      () => readIso9660(image),
      (error) =>
        error instanceof CocoonError && error.code === "failed" && /seed image/.test(error.message),
    );
  refused(new Uint8Array(0));
  refused(new Uint8Array(200_000));
  const data = new Uint8Array(100_000);
  const whole = writeIso9660({ label: "cidata", files: [{ name: "a", data }], date: DATE });
  assert.equal(readIso9660(whole)[0]?.data.length, data.length);
  refused(whole.subarray(0, 60_000));
});
