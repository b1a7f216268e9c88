import assert from "node:assert/strict";
import { realHost } from "./host.ts";

const text = "ä".repeat(100_000);

Deno.test("run() gives what a program says, and takes its input", async () => {
  const { code, stdout, stderr } = await realHost().run(
    ["sh", "-c", "cat; echo no >&2; exit 3"],
    { stdin: text },
  );
  assert.deepEqual([code, stdout === text, stderr], [3, true, "no\n"]);
});

Deno.test("run() ends at its deadline, whatever the program has started", async () => {
  // The shell is killed; what it waits for lives on, with the same output.
  for (const options of [{}, { stdin: text }]) {
    const started = performance.now();
    const running = realHost().run(["sh", "-c", "sleep 5; true"], { timeoutMs: 200, ...options });
    await assert.rejects(running, { code: "failed", message: /no end within 200 ms/ });
    assert.ok(performance.now() - started < 3000);
  }
  const signal = AbortSignal.timeout(100);
  await assert.rejects(
    realHost().run(["sh", "-c", "sleep 5; true"], { signal }),
    (error) => error === signal.reason,
  );
});
