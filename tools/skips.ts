/**
 * Tests that may be skipped where everything is installed that the set-up installs. On any other
 * computer a test may lack more; there, what is skipped is named and is no failure.
 */
import type { TestCase } from "./junit.ts";

/** Name of the test, and what keeps it from running. */
const ALLOWED: Readonly<Record<string, string>> = {
  "chooseAccelerator() tells that /dev/kvm is not ours to open": "root may open everything",
};

/** The cases, where those that must not be skipped have failed. */
export function judgeSkips(cases: readonly TestCase[], everything: boolean): TestCase[] {
  return cases.map((one) =>
    one.outcome === "skipped" && everything && !Object.hasOwn(ALLOWED, one.name)
      ? { ...one, name: `${one.name} (skipped)`, outcome: "failed" }
      : one
  );
}
