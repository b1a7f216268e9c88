import assert from "node:assert/strict";
import type { Json } from "../../plugins/contract.ts";
import { chooseConflist } from "./choose.ts";
import { parseConflist, readConflists } from "./conflist.ts";

const PLUGINS = [{ type: "bridge" }];
const list = (more: Record<string, Json>) => ({
  cniVersion: "1.0.0",
  name: "lab",
  plugins: PLUGINS,
  ...more,
});

/** The lists of a folder with these files. */
async function read(files: Record<string, unknown>) {
  const folder = await Deno.makeTempDir({ prefix: "cocoon-cni-" });
  try {
    for (const [file, content] of Object.entries(files)) {
      const text = typeof content === "string" ? content : JSON.stringify(content);
      await Deno.writeTextFile(`${folder}/${file}`, text);
    }
    return await readConflists(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("readConflists() reads the lists by file name, and names those that are broken", async () => {
  const { valid, broken } = await read({
    "20-b.conflist": list({ name: "b" }),
    "10-a.conflist": list({ name: "a" }),
    "30-again.conflist": list({ name: "a" }),
    "00-cut.conflist": '{"cniVersion": "1.0.0", "na',
    "05-empty.conflist": list({ plugins: [] }),
    "note.txt": "{",
  });
  assert.deepEqual(valid.map(({ name, file }) => [name, file]), [
    ["a", "10-a.conflist"],
    ["b", "20-b.conflist"],
  ]);
  assert.deepEqual(broken.map(({ file }) => file), [
    "00-cut.conflist",
    "05-empty.conflist",
    "30-again.conflist",
  ]);
  assert.match(broken[2]?.problem ?? "", /"a" is in 10-a\.conflist already/);
});

Deno.test("readConflists() finds nothing where there is no folder", async () => {
  assert.deepEqual(await readConflists("/nowhere/at/all"), { valid: [], broken: [] });
});

Deno.test("parseConflist() refuses what no plugin could be called for, saying what", () => {
  const refused = (document: Json, why: RegExp) =>
    assert.throws(() => parseConflist(document), why);
  refused([], /it is no object/);
  refused(list({ name: "a/b" }), /"name" must be .* got "a\/b"/);
  refused(list({ plugins: [{ type: "../../bin/sh" }] }), /plugin 1: "type"/);
  refused(list({ plugins: [...PLUGINS, {}] }), /plugin 2: "type"/);
  refused(list({ cniVersion: "0.2.0" }), /"cniVersion" must be one of .*, got "0\.2\.0"/);
});

Deno.test("parseConflist() takes the newest version that it knows and the list offers", () => {
  const versionOf = (more: Record<string, Json>) => parseConflist(list(more)).cniVersion;
  assert.equal(versionOf({}), "1.0.0");
  assert.equal(versionOf({ cniVersion: "0.4.0", cniVersions: ["0.4.0", "1.1.0", "9"] }), "1.1.0");
});

Deno.test("chooseConflist() takes the wish, else the one of before, else the first", async () => {
  const lists = await read({
    "10-a.conflist": list({ name: "a" }),
    "20-b.conflist": list({ name: "b" }),
  });
  const choose = (wanted?: string, previous?: string) =>
    chooseConflist(lists, { network: "net", folder: "/f", wanted, previous }).name;
  assert.equal(choose(), "a");
  assert.equal(choose(undefined, "b"), "b");
  assert.equal(choose("a", "b"), "a");
  assert.equal(choose(undefined, "gone"), "a");
  assert.throws(() => choose("c"), {
    code: "host-lacks",
    message: 'network "net": no CNI network "c" in /f; there are a, b',
  });
});
