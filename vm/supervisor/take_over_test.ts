import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import { openHome } from "../../state/home.ts";
import { FileLock } from "../../state/locks.ts";
import type { MachineRecord } from "../../state/machine_record.ts";
import { openStore } from "../../state/store.ts";
import { exampleRecord } from "../../state/testing.ts";
import type { VmContext } from "../context.ts";
import { supervisorLockPath } from "../liveness.ts";
import { takeOver } from "./take_over.ts";

const ID = exampleRecord().id;

/** Calls `body` with a home that has one machine, whose run folder is there. */
async function withMachine(
  record: Partial<MachineRecord>,
  body: (context: VmContext, lockPath: string) => Promise<void>,
): Promise<void> {
  const root = await Deno.makeTempDir({ dir: "/tmp" });
  try {
    const home = openHome(root);
    using store = await openStore(home);
    store.machines.insert(exampleRecord(record));
    await Deno.mkdir(home.runDir(ID));
    await body(
      { host: realHost(), home, store, self: ["cocoon"] },
      supervisorLockPath(home, ID),
    );
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

/** What the user would be told; fails when there is something to do. */
async function failureOf(context: VmContext, mode: "start" | "adopt") {
  const duty = await takeOver(context, ID, mode);
  assert.ok("failure" in duty);
  return duty.failure && { code: duty.failure.code, message: duty.failure.message };
}

Deno.test("takeOver() gives the lock for a start that was begun", () =>
  withMachine({ state: "starting", desired: "running" }, async (context, lockPath) => {
    const duty = await takeOver(context, ID, "start");
    assert.ok("lock" in duty);
    assert.ok(FileLock.isHeld(lockPath));
    duty.lock.release();
  }));

Deno.test("takeOver() starts nothing that was stopped or removed meanwhile, and lets go", async () => {
  await withMachine({ state: "stopped" }, async (context, lockPath) => {
    assert.deepEqual(await failureOf(context, "start"), {
      code: "conflict",
      message: "it is stopped; its start was given up",
    });
    assert.equal(FileLock.isHeld(lockPath), false);
    assert.equal((await failureOf(context, "adopt"))?.code, "conflict");
  });
  await withMachine({ state: "starting" }, async (context) => {
    context.store.machines.delete(ID);
    await Deno.remove(context.home.runDir(ID), { recursive: true });
    assert.equal((await failureOf(context, "start"))?.code, "not-found");
    assert.equal(context.host.exists(context.home.runDir(ID)), false);
  });
});

Deno.test("takeOver() is content when another supervisor was quicker", () =>
  withMachine({ state: "starting", desired: "running" }, async (context, lockPath) => {
    using _other = FileLock.tryTake(lockPath);
    assert.equal(await failureOf(context, "adopt"), undefined);
    setTimeout(() => {
      context.store.machines.update(ID, (now) => ({ ...now, state: "running" }));
    }, 50);
    assert.equal(await failureOf(context, "start"), undefined);
  }));

Deno.test("takeOver() waits for one that pauses before a restart, and then starts", () =>
  withMachine({ state: "starting", desired: "running" }, async (context, lockPath) => {
    const other = FileLock.tryTake(lockPath);
    setTimeout(() => other?.release(), 100);
    const duty = await takeOver(context, ID, "start");
    assert.ok("lock" in duty);
    duty.lock.release();
  }));

Deno.test("takeOver() tells why the quicker one's start failed", () =>
  withMachine({ state: "starting", desired: "running" }, async (context, lockPath) => {
    const other = FileLock.tryTake(lockPath);
    setTimeout(() => {
      context.store.machines.update(ID, (now) => ({ ...now, state: "error", lastError: "why" }));
      other?.release();
    }, 50);
    assert.deepEqual(await failureOf(context, "start"), { code: "failed", message: "why" });
  }));
