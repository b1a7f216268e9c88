import assert from "node:assert/strict";
import type { RestartPolicy } from "../../state/machine_record.ts";
import { exampleRecord } from "../../state/testing.ts";
import { restartPause } from "./restart.ts";
import type { HypervisorEnd } from "./settle.ts";

function pause(
  restart: RestartPolicy,
  end: HypervisorEnd,
  overrides: { desired?: "running" | "stopped"; restarts?: number } = {},
): number | undefined {
  const record = exampleRecord({ desired: "running", ...overrides });
  return restartPause({ ...record, spec: { ...record.spec, restart } }, end);
}

const OFF = { code: 0, signal: null };
const CRASH = { code: 1, signal: null };
const KILLED = { code: null, signal: "SIGKILL" };
const UNSEEN = { code: null, signal: null };
/** Seen by a supervisor that was not the parent; the guest said good-bye. */
const SAID_OFF = { ...UNSEEN, watched: true, poweredOff: true } as const;

Deno.test("restartPause() never restarts what the user has stopped", () => {
  assert.equal(pause("always", CRASH, { desired: "stopped" }), undefined);
});

Deno.test("restartPause() follows the policy", () => {
  assert.equal(pause("no", CRASH), undefined);
  for (const end of [OFF, SAID_OFF]) assert.equal(pause("on-failure", end), undefined);
  for (const end of [CRASH, KILLED, UNSEEN]) assert.equal(pause("on-failure", end), 1_000);
  for (const end of [OFF, CRASH, KILLED, UNSEEN]) assert.equal(pause("always", end), 1_000);
});

Deno.test("restartPause() starts a guest that has rebooted at once, unless it was stopped", () => {
  const rebooted = { ...OFF, rebooted: true } as const;
  for (const policy of ["no", "on-failure", "always"] as const) {
    assert.equal(pause(policy, rebooted, { restarts: 5 }), 0);
    assert.equal(pause(policy, rebooted, { desired: "stopped" }), undefined);
  }
});

Deno.test("restartPause() takes a lost helper for a failure, also when the guest shut down well", () => {
  const lost = { ...OFF, lostHelper: "gvproxy0" };
  assert.equal(pause("no", lost), undefined);
  assert.equal(pause("on-failure", lost), 1_000);
  assert.equal(pause("on-failure", lost, { desired: "stopped" }), undefined);
});

Deno.test("restartPause() doubles up to a minute", () => {
  const pauses = [0, 1, 5, 6, 1000].map((restarts) => pause("always", CRASH, { restarts }));
  assert.deepEqual(pauses, [1_000, 2_000, 32_000, 60_000, 60_000]);
});
