import assert from "node:assert/strict";
import { copyFileRange } from "./copy_file_range.ts";
import { closeFile, openFile } from "./libc.ts";

const ignore = Deno.build.os !== "linux";

/** Runs `body` with descriptors of a file with `0123456789` and of one with `abcdef`. */
async function withFiles(body: (source: number, target: number, path: string) => void) {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/source`, "0123456789");
    await Deno.writeTextFile(`${folder}/target`, "abcdef");
    const source = openFile(`${folder}/source`, "read");
    const target = openFile(`${folder}/target`, "read-write");
    try {
      body(source, target, `${folder}/target`);
    } finally {
      closeFile(source);
      closeFile(target);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test({
  name: "copyFileRange() copies between the given places and changes nothing else",
  ignore,
  fn: () =>
    withFiles((source, target, path) => {
      assert.equal(copyFileRange(source, 3, target, 1, 2), 2);
      assert.equal(Deno.readTextFileSync(path), "a34def");
      assert.equal(copyFileRange(source, 8, target, 6, 100), 2); // to the source's end
      assert.equal(Deno.readTextFileSync(path), "a34def89");
      assert.equal(copyFileRange(source, 10, target, 0, 1), 0);
    }),
});

Deno.test({
  name: "copyFileRange() throws a SystemError with the call's own errno",
  ignore,
  fn: () =>
    withFiles((source, target) => {
      const expected = { name: "SystemError", code: "EBADF" };
      assert.throws(() => copyFileRange(-1, 0, target, 0, 1), expected);
      assert.throws(() => copyFileRange(target, 0, source, 0, 1), expected); // not open for writing
    }),
});
