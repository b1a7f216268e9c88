import assert from "node:assert/strict";
import { inetAton, parseUuid, strtol } from "./values.ts";

Deno.test("inetAton() reads addresses as the C library does", () => {
  const cases: [text: string, address: number | undefined][] = [
    ["192.168.64.1", 0xc0a84001],
    ["10.1", 0x0a000001],
    ["0x0a.010.1", 0x0a080001],
    ["1", 1],
    ["4294967295", 0xffff_ffff],
    ["10.0.0.1 # gateway", 0x0a000001],
    ["10.0.0.1x", undefined],
    ["10.0.0.256", undefined],
    ["256.0.0.1", undefined],
    ["08.0.0.1", undefined],
    ["1.2.3.4.5", undefined],
    ["", undefined],
    ["10..1", undefined],
  ];
  for (const [text, address] of cases) assert.equal(inetAton(text), address, text);
});

Deno.test("strtol() reads a prefix", () => {
  assert.deepEqual(strtol(" +7"), { value: 7n, whole: true });
  assert.deepEqual(strtol("7 "), { value: 7n, whole: false });
  assert.equal(strtol("-9223372036854775809").failure, "Result too large");
  assert.equal(strtol("x").failure, "Invalid argument");
});

Deno.test("parseUuid() gives upper case, and knows the UUID that stands for none", () => {
  const id = "2835e074-9892-4a79-affb-7e41d2605678";
  assert.equal(parseUuid(id), id.toUpperCase());
  assert.equal(parseUuid("00000000-0000-0000-0000-000000000000"), "unset");
  assert.equal(parseUuid(`{${id}}`), undefined);
  assert.equal(parseUuid(id.replaceAll("-", "")), undefined);
});
