import assert from "node:assert/strict";
import { guestsIn, guestsOf, planPhases, testFiles } from "./test_files.ts";

/** A folder with files of these contents. */
async function withFiles(
  files: Record<string, string>,
  body: (root: string) => void,
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "files-" });
  try {
    for (const [path, text] of Object.entries(files)) {
      await Deno.mkdir(`${root}/${path.slice(0, path.lastIndexOf("/"))}`, { recursive: true });
      await Deno.writeTextFile(`${root}/${path}`, text);
    }
    body(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

// In two parts, or this file would count as one that boots guests.
const SMALL = "await small" + "Guest()";
const FULL = "await full" + "Guest()";

Deno.test("planPhases() runs quick files side by side first, and full guests before small ones", () => {
  const phases = planPhases([
    { path: "tests/e2e/a_test.ts", guests: ["full"] },
    { path: "tests/e2e/z_test.ts", guests: [] },
    { path: "backends/qemu/machine_test.ts", guests: ["small"] },
    { path: "tests/fault/kill_test.ts", guests: ["small"] },
    { path: "images/b_test.ts", guests: [] },
    { path: "images/a_test.ts", guests: [] },
  ]);
  assert.deepEqual(phases, [
    { name: "unit", parallel: true, files: ["images/a_test.ts", "images/b_test.ts"] },
    {
      name: "machines",
      parallel: true,
      files: ["tests/e2e/a_test.ts", "backends/qemu/machine_test.ts", "tests/e2e/z_test.ts"],
    },
    { name: "faults", parallel: false, files: ["tests/fault/kill_test.ts"] },
  ]);
  assert.deepEqual(planPhases([]), []);
});

Deno.test("testFiles() keeps what any filter names, with the guests that it boots", async () => {
  await withFiles({
    "vm/a_test.ts": SMALL,
    "vm/a.ts": FULL,
    "state/c_test.ts": "",
    "images/b_test.ts": "",
    "node_modules/x_test.ts": "",
  }, (root) => {
    assert.deepEqual(testFiles(root, ["vm/", "c_"]), [
      { path: "state/c_test.ts", guests: [] },
      { path: "vm/a_test.ts", guests: ["small"] },
    ]);
    assert.equal(testFiles(root, []).length, 3);
    assert.deepEqual(testFiles(root, ["nothing"]), []);
  });
});

Deno.test("guestsOf() looks into the modules beside tests of machines", async () => {
  await withFiles({
    "tests/e2e/web_test.ts": SMALL,
    "tests/e2e/machines.ts": FULL,
    "vm/a_test.ts": "",
    "vm/a.ts": FULL,
  }, (root) => {
    assert.deepEqual(guestsOf(root, testFiles(root, ["e2e"])), new Set(["small", "full"]));
    assert.deepEqual(guestsOf(root, testFiles(root, ["vm/"])), new Set());
  });
});

Deno.test("guestsIn() knows a call from a longer name", () => {
  assert.deepEqual(guestsIn(`${SMALL}; ${FULL}`), ["small", "full"]);
  assert.deepEqual(guestsIn("export function mysmallGuest() {} // small" + "Guest"), []);
});
