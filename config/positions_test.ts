import assert from "node:assert/strict";
import fc from "fast-check";
import { PlaceIndex } from "./positions.ts";

const TEXT = `top = 1
[table]
key = "x"
a.b = { c = [ 1, { d = 2 } ] }
[[list]]
e = 1
[[list]]
e = 2
[deep.er."quoted key"]
f = 1
[list.below]
g = 1
`;

Deno.test("PlaceIndex.find() gives the places of keys and of values", () => {
  const places = new PlaceIndex(TEXT);
  const at = (path: string[], which: "key" | "value") => {
    const place = places.find(path, which);
    return place === undefined ? undefined : `${place.line}:${place.column}`;
  };
  assert.equal(at(["top"], "key"), "1:1");
  assert.equal(at(["top"], "value"), "1:7");
  assert.equal(at(["table"], "key"), "2:2");
  assert.equal(at(["table", "key"], "value"), "3:7");
  assert.equal(at(["table", "a"], "key"), "4:1");
  assert.equal(at(["table", "a", "b", "c"], "key"), "4:9");
  assert.equal(at(["table", "a", "b", "c", "1", "d"], "value"), "4:24");
  assert.equal(at(["list", "1", "e"], "value"), "8:5");
  assert.equal(at(["list"], "key"), "5:3");
  assert.equal(at(["list", "1"], "key"), "7:3");
  assert.equal(at(["list", "1", "below"], "key"), "11:7");
  assert.equal(at(["list", "1", "below", "g"], "value"), "12:5");
  assert.equal(at(["deep", "er", "quoted key", "f"], "key"), "10:1");
});

Deno.test("PlaceIndex.find() gives the nearest table for a key that is not there", () => {
  const places = new PlaceIndex(TEXT);
  assert.deepEqual(places.find(["table", "missing"], "value"), { line: 2, column: 2 });
  assert.equal(places.find(["missing"], "key"), undefined);
  assert.equal(places.has(["table", "key"]), true);
  assert.equal(places.has(["table", "missing"]), false);
});

Deno.test("PlaceIndex.find() points at the key and the value wherever they stand", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,7}$/);
  const keys = fc.uniqueArray(name, { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 4 }), keys, fc.nat(5), (tables, keys, pad) => {
      const text = tables.map((table) => {
        return `[${table}]\n${
          keys.map((key) => `${" ".repeat(pad)}${key} = "v-${key}"\n`).join("")
        }`;
      }).join("\n");
      const lines = text.split("\n");
      const places = new PlaceIndex(text);
      for (const table of tables) {
        for (const key of keys) {
          const at = places.find([table, key], "key");
          const value = places.find([table, key], "value");
          assert.ok(at !== undefined && value !== undefined);
          assert.ok(lines[at.line - 1]?.slice(at.column - 1).startsWith(`${key} =`));
          assert.ok(lines[value.line - 1]?.slice(value.column - 1).startsWith(`"v-${key}"`));
        }
      }
    }),
  );
});
