import assert from "node:assert/strict";
import fc from "fast-check";
import { keyValues, option } from "./option.ts";

/** QEMU's own way of reading (util/keyval.c): `,,` is a comma, a single `,` ends the value. */
function read(text: string): [string, string][] {
  const pairs: [string, string][] = [];
  let rest = text;
  while (rest !== "") {
    const equals = rest.indexOf("=");
    const key = rest.slice(0, equals);
    let value = "";
    let i = equals + 1;
    while (i < rest.length) {
      if (rest[i] === ",") {
        if (rest[i + 1] !== ",") break;
        i++;
      }
      value += rest[i];
      i++;
    }
    pairs.push([key, value]);
    rest = rest.slice(i + 1);
  }
  return pairs;
}

Deno.test("keyValues() is read by QEMU's grammar as the values that were given", () => {
  const value = fc.oneof(fc.string(), fc.stringMatching(/^[,=\/a-z]{0,12}$/));
  const key = fc.stringMatching(/^[a-z][a-z0-9.-]{0,10}$/);
  fc.assert(fc.property(fc.uniqueArray(fc.tuple(key, value), { selector: ([k]) => k }), (pairs) => {
    assert.deepEqual(read(keyValues(Object.fromEntries(pairs))).sort(), [...pairs].sort());
  }));
});

Deno.test("keyValues() writes truth as on and off and leaves out undefined", () => {
  assert.equal(keyValues({ a: true, b: undefined, c: false, d: 7 }), "a=on,c=off,d=7");
});

Deno.test("option() doubles commas in its head and values", () => {
  assert.equal(option("so,cket", { path: "/a,b" }), "so,,cket,path=/a,,b");
  assert.equal(option("VGA", { addr: undefined }), "VGA");
});
