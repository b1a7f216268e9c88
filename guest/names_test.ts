import assert from "node:assert/strict";
import fc from "fast-check";
import { CocoonError } from "../errors/error.ts";
import { checkMachineName, normalizeMac, randomMac, randomUuid } from "./names.ts";

function refusal(name: string): CocoonError | undefined {
  try {
    checkMachineName(name);
  } catch (error) {
    assert(error instanceof CocoonError);
    assert.equal(error.code, "usage");
    return error;
  }
}

Deno.test("checkMachineName() accepts hostnames when they are one lower-case label", () => {
  for (const name of ["a", "web-1", "1", "0a", "x".repeat(63), "a--b"]) {
    assert.equal(refusal(name), undefined, name);
  }
});

Deno.test("checkMachineName() suggests a name when it can be mended", () => {
  for (
    const [name, better] of [
      ["Web", "web"],
      ["my_vm", "my-vm"],
      ["db.example", "db-example"],
      ["-x-", "x"],
      ["Käse Brot", "kase-brot"],
      ["y".repeat(70), "y".repeat(63)],
    ] as const
  ) assert.equal(refusal(name)?.hint, `Try "${better}".`, name);
});

Deno.test("checkMachineName() states the rule when nothing can be mended", () => {
  for (const name of ["", "---", "中", "localhost"]) {
    assert.match(refusal(name)?.hint ?? "", /1 to 63/, name);
  }
});

Deno.test("checkMachineName() only suggests what it accepts when given any text", () => {
  fc.assert(fc.property(fc.string({ unit: "binary" }), (name) => {
    const error = refusal(name);
    if (error === undefined) return assert.match(name, /^[a-z0-9-]{1,63}$/);
    const better = /^Try "(.*)"\.$/.exec(error.hint ?? "")?.[1];
    if (better !== undefined) assert.equal(refusal(better), undefined);
  }));
});

Deno.test("randomMac() is unicast, locally administered and new when called", () => {
  const seen = new Set<string>();
  for (let i = 0; i < 200; i++) {
    const mac = randomMac();
    assert.match(mac, /^[0-9a-f][26ae](:[0-9a-f]{2}){5}$/);
    assert.equal(normalizeMac(mac), mac);
    seen.add(mac);
  }
  assert.equal(seen.size, 200);
});

Deno.test("normalizeMac() gives lower case with colons when the address is unicast", () => {
  assert.equal(normalizeMac("52-54-00-AB-cd-0E"), "52:54:00:ab:cd:0e");
  for (
    const bad of [
      "",
      "52:54:00:ab:cd",
      "5254.00ab.cd0e",
      "01:00:5e:00:00:01",
      "ff:ff:ff:ff:ff:ff",
      "00:00:00:00:00:00",
    ]
  ) {
    assert.throws(() => normalizeMac(bad), CocoonError, bad);
  }
});

Deno.test("randomUuid() is a version 4 UUID in lower case when called", () => {
  assert.match(
    randomUuid(),
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  );
});
