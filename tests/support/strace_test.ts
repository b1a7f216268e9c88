import assert from "node:assert/strict";
import { parsePoints } from "./strace.ts";

Deno.test("parsePoints() counts calls by thread and keeps those that touch the home", () => {
  const log = `7 mkdir("/elsewhere", 0700) = 0
7 mkdir("/tmp/h/vms/a", 0700) = 0
8 mkdir("/tmp/h/vms/b", 0700 <unfinished ...>
7 pwrite64(3</tmp/h/state.db-wal>, ""..., 32, 0) = 32
8 <... mkdir resumed>) = 0
7 pwrite64(3</tmp/h/state.db-wal>, ""..., 32, 0) = 32
8 mkdir("/tmp/h/run/b", 0700) = 0
8 +++ exited with 0 +++
`;
  const points = parsePoints(log, "/tmp/h", 2).map(({ call, ordinal }) => `${call} ${ordinal}`);
  assert.deepEqual(points, ["mkdir 2", "mkdir 1", "pwrite64 2"]);
});
