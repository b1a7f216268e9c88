import assert from "node:assert/strict";
import { waitFor } from "../../tests/support/wait_for.ts";
import type { ConsoleStream } from "./console_hub.ts";
import { keepConsole } from "./console_keeper.ts";

/** A stream that was never read; the hub is played, too. */
const STREAM: ConsoleStream = {
  read: () => Promise.resolve(null),
  write: (data) => Promise.resolve(data.length),
  close: () => {},
};

/** A hub that notes what it is connected to, each connection ending when it is told. */
function playedHub() {
  const ends: (() => void)[] = [];
  return {
    ends,
    connect: () => new Promise<void>((resolve) => void ends.push(resolve)),
  };
}

Deno.test("keepConsole() connects again when a connection ends, until it is not wanted", async () => {
  const hub = playedHub();
  let wanted = true;
  let opened = 0;
  await keepConsole(hub, {
    open: () => Promise.resolve((opened++, STREAM)),
    isWanted: () => wanted,
  });
  assert.equal(hub.ends.length, 1, "it is connected when the promise resolves");
  for (let time = 1; time <= 3; time++) {
    hub.ends.at(-1)?.();
    await waitFor("the next connection", () => hub.ends.length === time + 1);
  }
  wanted = false;
  hub.ends.at(-1)?.();
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.equal(opened, 4);
});

Deno.test("keepConsole() tries again what could not be opened", async () => {
  const hub = playedHub();
  let opened = 0;
  await keepConsole(hub, {
    open: () => opened++ === 0 ? Promise.reject(new Error("not yet")) : Promise.resolve(STREAM),
    isWanted: () => opened < 2,
  });
  await waitFor("the connection", () => hub.ends.length === 1);
  hub.ends.at(-1)?.();
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.equal(opened, 2);
});

Deno.test("keepConsole() leaves a console alone that has nothing to connect to", async () => {
  const hub = playedHub();
  await keepConsole(hub, { open: () => Promise.resolve(undefined), isWanted: () => true });
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.deepEqual(hub.ends, []);
});
