import assert from "node:assert/strict";
import { inParallel } from "./parallel.ts";

const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

Deno.test("inParallel() keeps the order and the limit", async () => {
  let running = 0;
  let most = 0;
  const results = await inParallel([1, 2, 3, 4, 5, 6, 7], 3, undefined, async (item) => {
    most = Math.max(most, ++running);
    await soon();
    running--;
    return item * 2;
  });
  assert.deepEqual(results, [2, 4, 6, 8, 10, 12, 14]);
  assert.equal(most, 3);
  assert.deepEqual(await inParallel([], 3, undefined, soon), []);
});

Deno.test("inParallel() ends the others at the first failure, and waits for their end", async () => {
  const ended: number[] = [];
  const begun: number[] = [];
  const work = inParallel([1, 2, 3, 4], 2, undefined, async (item, signal) => {
    begun.push(item);
    if (item === 1) throw new Error("first");
    try {
      while (!signal.aborted) await soon();
      throw new Error("told to end");
    } finally {
      ended.push(item);
    }
  });
  await assert.rejects(work, /^Error: first$/);
  assert.deepEqual([begun, ended], [[1, 2], [2]]);
});

Deno.test("inParallel() fails with the reason of the caller's signal", async () => {
  const abort = new AbortController();
  const reason = new Error("enough");
  const work = inParallel([1, 2], 1, abort.signal, async (_item, signal) => {
    abort.abort(reason);
    await soon();
    signal.throwIfAborted();
  });
  await assert.rejects(work, (error) => error === reason);
});
