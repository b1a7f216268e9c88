import assert from "node:assert/strict";
import { EventQueue } from "./event_queue.ts";
import { Holds } from "./guest/holds.ts";

Deno.test("EventQueue gives each event to one waiter, the last that came", async () => {
  const queue = new EventQueue<number>();
  queue.push(1);
  assert.equal(await queue.next(), 1, "kept for whoever comes");
  const [first, second] = [queue.next(), queue.next()];
  queue.push(2);
  queue.push(3);
  assert.deepEqual(await Promise.all([first, second]), [3, 2]);
});

Deno.test("EventQueue lets a waiter go at its deadline, and forgets it", async () => {
  const queue = new EventQueue<number>();
  assert.equal(await queue.next(performance.now() + 10), undefined);
  queue.push(1);
  assert.equal(await queue.next(), 1);
});

Deno.test("Holds lets a guest go on when its last reason is gone", async () => {
  const told: boolean[] = [];
  const holds = new Holds((goOn) => {
    told.push(goOn);
    return Promise.resolve();
  });
  holds.set("paused", true);
  holds.set("full", true);
  await holds.set("paused", false);
  assert.deepEqual(told, [false]);
  await holds.set("full", false);
  await holds.set("full", false);
  assert.deepEqual(told, [false, true]);
});
