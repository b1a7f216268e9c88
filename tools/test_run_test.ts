import assert from "node:assert/strict";
import { runPhase } from "./test_run.ts";

/** Runs test files of these contents, and gives "outcome file name" of each case. */
async function outcomes(
  files: Record<string, string>,
  options: { parallel?: boolean; timeoutMs?: number } = {},
): Promise<string[]> {
  const root = await Deno.makeTempDir({ prefix: "phase-" });
  try {
    await Deno.writeTextFile(`${root}/deno.json`, "{}");
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${root}/${name}`, text);
    }
    const phase = {
      name: "unit",
      parallel: options.parallel ?? false,
      files: Object.keys(files),
    };
    const cases = await runPhase(phase, {
      temporary: root,
      junitPath: `${root}/report.xml`,
      root,
      // Failures are what these tests want; on the screen they would look like real ones.
      output: "null",
      ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
    });
    return cases.map((one) => `${one.outcome} ${one.file}: ${one.name}`);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("runPhase() gives every test of every file", async () => {
  for (const parallel of [true, false]) {
    const found = await outcomes({
      "a_test.ts": 'Deno.test("a", () => {});',
      "b_test.ts": 'Deno.test("b", () => {}); Deno.test("c", () => {});',
    }, { parallel });
    assert.deepEqual(found.sort(), [
      "passed a_test.ts: a",
      "passed b_test.ts: b",
      "passed b_test.ts: c",
    ]);
  }
});

Deno.test("runPhase() counts a file that cannot be loaded, or has no test, as failed", async () => {
  const found = await outcomes({
    "a_test.ts": 'Deno.test("a", () => {});',
    "b_test.ts": 'throw new Error("not loaded");',
    "c_test.ts": "export {};",
  });
  assert.deepEqual(found, [
    "passed a_test.ts: a",
    "failed b_test.ts: no test of this file ran",
    "failed c_test.ts: no test of this file ran",
  ]);
});

Deno.test("runPhase() counts an error outside of the tests as failed", async () => {
  const found = await outcomes({
    "a_test.ts": `Deno.test({ name: "a", sanitizeOps: false, sanitizeResources: false, async fn() {
      setTimeout(() => { throw new Error("from a timer"); }, 1);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }});`,
  });
  assert.ok(found.some((line) => line.startsWith("failed ")), found.join("\n"));
});

Deno.test("runPhase() kills a phase at its deadline, and fails it", async () => {
  const found = await outcomes({
    "a_test.ts": 'Deno.test("a", () => new Promise((done) => setTimeout(done, 60_000)));',
  }, { timeoutMs: 1_500 });
  assert.deepEqual(found, ["failed unit: no end within 1.5 s; it was killed"]);
});
