/** Proof that the suites see faults: plugins that keep the contract but for one thing. */
import assert from "node:assert/strict";
import { type Check, failures } from "./check.ts";

/** Registers a test that the fault makes the named check fail. */
export function caught(fault: string, checkName: string, checks: () => Check[]): void {
  Deno.test(`the suite sees ${fault}`, () => assertSeen(checkName, checks()));
}

/** Asserts that the named one of the checks fails. */
export async function assertSeen(checkName: string, checks: readonly Check[]): Promise<void> {
  const matching = checks.filter((check) => check.name === checkName);
  assert.equal(matching.length, 1, `no check is named "${checkName}"`);
  const failed = await failures(matching);
  assert.ok(failed.has(checkName), "the check has passed");
}
