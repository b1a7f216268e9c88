import assert from "node:assert/strict";
import { isAtLeast, parseVersion, type Version, versionText } from "./version.ts";

Deno.test("parseVersion() reads what distributions print", () => {
  const texts: [string, Version | undefined][] = [
    ["QEMU emulator version 7.2.22 (Debian 1:7.2+dfsg-7+deb12u18+b3)\nCopyright", [7, 2, 22]],
    ["QEMU emulator version 10.1.0\nCopyright (c) 2003-2025", [10, 1, 0]],
    ["QEMU emulator version 9.0", [9, 0, 0]],
    ["qemu: command not found", undefined],
    ["", undefined],
  ];
  for (const [text, version] of texts) assert.deepEqual(parseVersion(text), version, text);
});

Deno.test("isAtLeast() compares numbers, not text", () => {
  assert.ok(isAtLeast([10, 0, 0], [7, 2, 0]));
  assert.ok(isAtLeast([7, 10, 0], [7, 2, 0]));
  assert.ok(isAtLeast([7, 2, 0], [7, 2, 0]));
  assert.ok(!isAtLeast([7, 1, 9], [7, 2, 0]));
  assert.ok(!isAtLeast([6, 2, 0], [7, 0, 0]));
  assert.ok(!isAtLeast([7, 2, 1], [7, 2, 2]));
  assert.equal(versionText([7, 2, 22]), "7.2.22");
});
