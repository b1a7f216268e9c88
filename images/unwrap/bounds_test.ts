import assert from "node:assert/strict";
import { checkUnpacked, checkWritten } from "./bounds.ts";

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

Deno.test("checkWritten() allows 200 times the length, and a gigabyte in any case", () => {
  checkWritten(1, GIB);
  checkWritten(10 * MIB, 2000 * MIB);
  const allowed = [[0, "1GiB"], [10 * MIB, "1.9GiB"]] as const;
  for (const [packedBytes, limit] of allowed) {
    const message = new RegExp(`unpacks to more than ${limit} that are not zeros out of`);
    assert.throws(() => checkWritten(packedBytes, 2000 * MIB + 1), { code: "failed", message });
  }
});

Deno.test("checkUnpacked() names what was exceeded, and in sizes", () => {
  const check = (packedBytes: number, totalBytes: number, writtenBytes: number) => () =>
    checkUnpacked(packedBytes, { totalBytes, writtenBytes });
  check(MIB, 64 * GIB, GIB)();
  assert.throws(check(MIB, 65 * GIB, 0), { message: /more than 64GiB out of 1MiB,/ });
  assert.throws(check(MIB, 2 * GIB, 2 * GIB), { message: /1GiB that are not zeros out of 1MiB,/ });
  assert.throws(check(100 * GIB, 1024 * GIB + 1, 0), { message: /it is larger than 1TiB,/ });
});
