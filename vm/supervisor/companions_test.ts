import assert from "node:assert/strict";
import { waitForCompanion } from "./companions.ts";
import type { HypervisorEnd } from "./settle.ts";

const signal = new AbortController().signal;
const never = new Promise<HypervisorEnd>(() => {});

async function withFolder(body: (dir: string) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  try {
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

const helper = (dir: string, timeoutMs: number) => ({
  role: "helper0",
  logPath: `${dir}/log`,
  ready: { paths: [`${dir}/a`, `${dir}/b`], timeoutMs },
});

Deno.test("waitForCompanion() returns when the last of the files is there", () =>
  withFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/a`, "");
    let returned = false;
    const ready = waitForCompanion(helper(dir, 10_000), never, 0, signal).then(() => {
      returned = true;
    });
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.equal(returned, false);
    await Deno.writeTextFile(`${dir}/b`, "");
    await ready;
  }));

Deno.test("waitForCompanion() waits for nothing when nothing was asked for", async () => {
  await waitForCompanion({ role: "helper0", logPath: "/nowhere" }, never, 0, signal);
});

Deno.test("waitForCompanion() shows what a helper said in this run that was late or has ended", () =>
  withFolder(async (dir) => {
    await Deno.writeTextFile(`${dir}/log`, "an old line\nport 1: permission denied\n");
    const from = "an old line\n".length;
    await assert.rejects(waitForCompanion(helper(dir, 30), never, from, signal), {
      code: "failed",
      message: "the helper helper0 was not ready within 30 ms; it said: port 1: permission denied",
      hint: `Its log: ${dir}/log`,
    });
    const end = Promise.resolve({ code: 3, signal: null });
    await assert.rejects(waitForCompanion(helper(dir, 10_000), end, 999, signal), {
      message: "the helper helper0 ended at its start (status 3); it said nothing",
    });
  }));

Deno.test("waitForCompanion() waits for a whole line, and says what to do without one", () =>
  withFolder(async (dir) => {
    const outputPath = `${dir}/out`;
    await Deno.writeTextFile(outputPath, "{half");
    const ready = { paths: [], line: true as const, hint: "Ask for another.", timeoutMs: 30 };
    const planned = { role: "helper0", logPath: `${dir}/log`, outputPath, ready };
    await assert.rejects(waitForCompanion(planned, never, 0, signal), {
      hint: `Ask for another.\nIts log: ${dir}/log`,
    });
    await Deno.writeTextFile(outputPath, "{half a line}\n");
    await waitForCompanion(planned, never, 0, signal);
    await assert.rejects(
      waitForCompanion({ role: "helper0", logPath: `${dir}/log`, ready }, never, 0, signal),
      TypeError,
    );
  }));

Deno.test("waitForCompanion() stops when it is interrupted", () =>
  withFolder(async (dir) => {
    const reason = new Error("interrupted");
    const interrupted = AbortSignal.abort(reason);
    const error = await waitForCompanion(helper(dir, 10_000), never, 0, interrupted)
      .catch((e) => e);
    assert.equal(error, reason);
  }));
