import assert from "node:assert/strict";
import { PHASES, planPhases, testFiles } from "./test_files.ts";

Deno.test("planPhases() runs quick files side by side first, and full guests last", () => {
  const files = [
    "tests/e2e/a_full_guest_test.ts",
    "tests/e2e/z_test.ts",
    "tests/fault/kill_test.ts",
    "images/b_test.ts",
    "images/a_test.ts",
  ];
  const plan = planPhases(files, []).map(({ name, parallel, files }) => ({
    name,
    parallel,
    files,
  }));
  assert.deepEqual(plan, [
    { name: "unit", parallel: true, files: ["images/a_test.ts", "images/b_test.ts"] },
    {
      name: "end to end",
      parallel: false,
      files: ["tests/e2e/z_test.ts", "tests/e2e/a_full_guest_test.ts"],
    },
    { name: "faults", parallel: false, files: ["tests/fault/kill_test.ts"] },
  ]);
});

Deno.test("planPhases() keeps what any filter names", () => {
  const files = ["images/a_test.ts", "vm/b_test.ts", "state/c_test.ts"];
  assert.deepEqual(planPhases(files, ["vm/", "c_"]).flatMap((phase) => phase.files), [
    "state/c_test.ts",
    "vm/b_test.ts",
  ]);
  assert.deepEqual(planPhases(files, ["nothing"]), []);
});

Deno.test("PHASES has every file in exactly one", () => {
  for (const file of ["a_test.ts", "tests/x_test.ts", "tests/e2e/x_test.ts", "tests/fault/y.ts"]) {
    assert.equal(PHASES.filter((phase) => phase.has(file)).length, 1, file);
  }
});

Deno.test("testFiles() finds this file and no other kind", () => {
  const files = testFiles(new URL("..", import.meta.url).pathname);
  assert.ok(files.includes("tools/test_files_test.ts"));
  assert.ok(files.every((file) => file.endsWith("_test.ts") && !file.startsWith("/")));
});
