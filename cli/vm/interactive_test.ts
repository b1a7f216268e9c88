import assert from "node:assert/strict";
import { fakeOutside } from "../../tests/support/fake_outside.ts";
import { openSession } from "../session.ts";
import { runInteractive } from "./interactive.ts";

/** How a line of shell ends; `afterMs`: when the user interrupts cocoon. */
async function statusOf(line: string, afterMs?: number): Promise<number> {
  const controller = new AbortController();
  const timer = afterMs === undefined ? undefined : setTimeout(() => controller.abort(), afterMs);
  using context = openSession(fakeOutside({ signal: controller.signal }), {});
  try {
    return await runInteractive(context, ["sh", "-c", line]);
  } finally {
    clearTimeout(timer);
  }
}

Deno.test("runInteractive() gives the program's status, and 130 for an interrupt", async () => {
  assert.equal(await statusOf("exit 7"), 7);
  assert.equal(await statusOf("exit 0"), 0);
  assert.equal(await statusOf("exec sleep 20", 100), 130);
  // However the program takes it.
  assert.equal(await statusOf("trap 'exit 255' TERM; while :; do sleep 0.05; done", 200), 130);
});
