import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import { controlMachine } from "./control.ts";
import { withTempDir } from "./testing/fake_host.ts";
import { type StubOptions, StubQmpServer } from "./testing/stub_qmp_server.ts";

const TIMEOUT_MS = 2000;

/** Commands that a call sends, with their arguments, without the negotiation. */
async function sentBy(
  call: (control: ReturnType<typeof controlMachine>) => Promise<unknown> | undefined,
  onCommand?: StubOptions["onCommand"],
): Promise<unknown[]> {
  await using server = new StubQmpServer(onCommand ? { onCommand } : {});
  await call(controlMachine({ socketPath: server.path }));
  return server.received.slice(1).map(({ id: _, ...rest }) => rest);
}

Deno.test("controlMachine() sends the command of each call", async () => {
  assert.deepEqual(await sentBy((c) => c.requestStop(TIMEOUT_MS)), [{
    execute: "system_powerdown",
  }]);
  assert.deepEqual(await sentBy(async (c) => await c.quit?.(TIMEOUT_MS)), [{ execute: "quit" }]);
  assert.deepEqual(await sentBy((c) => c.pause?.(TIMEOUT_MS)), [{ execute: "stop" }]);
  assert.deepEqual(await sentBy((c) => c.resume?.(TIMEOUT_MS)), [{ execute: "cont" }]);
});

Deno.test("controlMachine().state() maps every state that QEMU has", async () => {
  // qapi/run-state.json, RunState, as of QEMU 10.
  const states = {
    starting: ["prelaunch", "inmigrate", "restore-vm"],
    running: ["running", "watchdog", "colo"],
    paused: [
      ...["suspended", "paused", "debug", "io-error", "internal-error", "guest-panicked"],
      ...["save-vm", "finish-migrate", "postmigrate"],
    ],
    stopping: ["shutdown"],
  };
  for (const [state, words] of Object.entries(states)) {
    for (const status of words) {
      const seen: string[] = [];
      await sentBy(
        async (control) => seen.push(await control.state(TIMEOUT_MS)),
        (command, connection) => connection.answer(command, { running: true, status }),
      );
      assert.deepEqual(seen, [state], status);
    }
  }
});

Deno.test("controlMachine().state() does not guess at an unknown state", async () => {
  for (const value of [{ status: "warp" }, {}, [], "running"]) {
    await assert.rejects(
      sentBy(
        (c) => c.state(TIMEOUT_MS),
        (command, connection) => connection.answer(command, value),
      ),
      (error: unknown) =>
        error instanceof CocoonError && error.code === "failed" &&
        /unknown state/.test(error.message),
    );
  }
});

Deno.test("controlMachine().quit() succeeds when QEMU is gone before its answer is", async () => {
  const sent = await sentBy(
    async (control) => await control.quit?.(TIMEOUT_MS),
    (_command, connection) => connection.close(),
  );
  assert.deepEqual(sent, [{ execute: "quit" }]);
});

Deno.test("controlMachine() rejects with a CocoonError when the hypervisor has ended", async () => {
  const control = controlMachine({ socketPath: "/nonexistent/qmp.sock" });
  for (const call of [control.state, control.requestStop, control.quit, control.pause]) {
    await assert.rejects(async () => await call?.(TIMEOUT_MS), (error: unknown) => {
      assert.ok(error instanceof CocoonError);
      assert.equal(error.code, "failed");
      assert.match(error.message, /^qemu: Cannot connect to \/nonexistent\/qmp\.sock/);
      return true;
    });
  }
});

Deno.test("controlMachine() keeps its deadline over connecting and waiting", async () => {
  await using server = new StubQmpServer({ onCommand: () => {} });
  const startMs = performance.now();
  await assert.rejects(
    controlMachine({ socketPath: server.path }).requestStop(200),
    /No answer to system_powerdown: deadline/,
  );
  assert.ok(performance.now() - startMs < 1500);
});

Deno.test("controlMachine().screenshot() has QEMU write beside the path, then renames", () =>
  withTempDir(async (directory) => {
    const path = `${directory}/screen.png`;
    const sent = await sentBy(
      (control) => control.screenshot?.(path, TIMEOUT_MS),
      async (command, connection) => {
        await Deno.writeTextFile(String(command.arguments?.filename), "picture");
        await connection.answer(command);
      },
    );
    assert.equal(sent.length, 1);
    assert.match(JSON.stringify(sent[0]), /"screendump".*screen\.png\.[^"]+\.tmp","format":"png"/);
    assert.equal(await Deno.readTextFile(path), "picture");
    assert.deepEqual([...Deno.readDirSync(directory)].map(({ name }) => name), ["screen.png"]);
  }));

Deno.test("controlMachine().screenshot() falls back to PPM on a QEMU without PNG", async () => {
  const refusals = [
    "Parameter 'format' is unexpected", // before 7.1
    "Enable PNG support with libpng for screendump", // built without libpng
  ];
  for (const refusal of refusals) {
    await withTempDir(async (directory) => {
      const sent = await sentBy(
        (control) => control.screenshot?.(`${directory}/s`, TIMEOUT_MS),
        async (command, connection) => {
          if (command.arguments?.format) return await connection.refuse(command, refusal);
          await Deno.writeTextFile(String(command.arguments?.filename), "P6");
          await connection.answer(command);
        },
      );
      assert.equal(sent.length, 2);
      assert.equal(await Deno.readTextFile(`${directory}/s`), "P6");
    });
  }
});

Deno.test("controlMachine().screenshot() leaves nothing behind when it fails", () =>
  withTempDir(async (directory) => {
    await assert.rejects(
      sentBy(
        (control) => control.screenshot?.(`${directory}/s`, TIMEOUT_MS),
        async (command, connection) => {
          await Deno.writeTextFile(String(command.arguments?.filename), "half");
          await connection.refuse(command, "There is no console to take a screendump from");
        },
      ),
      (error: unknown) => error instanceof CocoonError && /no console/.test(error.message),
    );
    assert.deepEqual([...Deno.readDirSync(directory)], []);
  }));
