import assert from "node:assert/strict";
import type { TestCase } from "./junit.ts";
import { judgeSkips } from "./skips.ts";

const KNOWN = "chooseAccelerator() tells that /dev/kvm is not ours to open";

function testCase(name: string, outcome: TestCase["outcome"]): TestCase {
  return { file: "a_test.ts", name, outcome, durationMs: 1 };
}

Deno.test("judgeSkips() fails what is skipped where everything is installed", () => {
  const cases = [testCase("a", "skipped"), testCase(KNOWN, "skipped"), testCase("b", "passed")];
  assert.deepEqual(judgeSkips(cases, true).map(({ name, outcome }) => [name, outcome]), [
    ["a (skipped)", "failed"],
    [KNOWN, "skipped"],
    ["b", "passed"],
  ]);
  assert.deepEqual(judgeSkips(cases, false), cases);
});
