import assert from "node:assert/strict";
import fc from "fast-check";
import { CocoonError } from "../../errors/error.ts";
import { DetachScanner, parseEscape } from "./detach.ts";

const ESCAPE = 0x1d;
const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

Deno.test("DetachScanner.scan() detaches at the escape character and a full stop", () => {
  const { forward, detach } = new DetachScanner(ESCAPE).scan(bytes("ls\r\x1d.rest"));
  assert.equal(detach, true);
  assert.equal(text(forward), "ls\r");
});

Deno.test("DetachScanner.scan() finds a sequence that arrives in two pieces", () => {
  const scanner = new DetachScanner(ESCAPE);
  assert.deepEqual(scanner.scan(bytes("a\x1d")), { forward: bytes("a"), detach: false });
  assert.equal(scanner.scan(bytes(".")).detach, true);
});

Deno.test("DetachScanner.scan() forwards an escape that something else follows", () => {
  const scanner = new DetachScanner(ESCAPE);
  assert.equal(text(scanner.scan(bytes("\x1dx")).forward), "\x1dx");
  assert.equal(text(scanner.scan(bytes("\x1d\x1d")).forward), "\x1d", "twice sends one");
});

Deno.test("DetachScanner.scan() gives the same however the input is cut", () => {
  const input = fc.array(fc.constantFrom(0x1d, 0x2e, 0x61), { maxLength: 12 });
  fc.assert(fc.property(input, fc.nat(12), (codes, cut) => {
    const data = Uint8Array.from(codes);
    const whole = new DetachScanner(ESCAPE).scan(data);
    const scanner = new DetachScanner(ESCAPE);
    const first = scanner.scan(data.slice(0, cut));
    const parts = first.detach ? [first] : [first, scanner.scan(data.slice(cut))];
    assert.deepEqual(parts.flatMap(({ forward }) => [...forward]), [...whole.forward]);
    assert.equal(parts.some(({ detach }) => detach), whole.detach);
  }));
});

Deno.test("parseEscape() reads characters and control keys", () => {
  assert.equal(parseEscape("^]"), 0x1d);
  assert.equal(parseEscape("^a"), 0x01);
  assert.equal(parseEscape("~"), 0x7e);
});

Deno.test("parseEscape() refuses what a terminal sends for other reasons", () => {
  for (const wrong of ["", "ab", "^@", "^M", "^J", "\n", "é", "\x7f"]) {
    assert.throws(() => parseEscape(wrong), CocoonError, JSON.stringify(wrong));
  }
});
