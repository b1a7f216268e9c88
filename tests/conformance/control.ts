/** The contract of a running machine's control, as checks against sockets that give no answer. */
import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import type { Backend, Capabilities, Control, LaunchPlan } from "../../plugins/contract.ts";
import { type Check, withoutIo } from "./check.ts";

/** What a call may take beyond its deadline, on a busy computer. */
const SLACK_MS = 3_000;
const TIMEOUT_MS = 200;

/** @param sample capabilities, and the plan of any machine */
export function controlChecks(
  backend: Backend,
  sample: () => { capabilities: Capabilities; plan: LaunchPlan },
): Check[] {
  return [
    {
      name: "control() connects only when it is called",
      run: () => {
        withoutIo(() => backend.control({ socketPath: "/nonexistent/control.sock" }));
      },
    },
    {
      name: "control() has the methods that the capabilities and the console promise",
      run: () => {
        const { capabilities, plan } = sample();
        const control = backend.control(plan.control);
        const has = (name: keyof Control) => typeof control[name] === "function";
        for (const name of ["state", "requestStop"] as const) assert.ok(has(name), name);
        assert.equal(has("pause") && has("resume"), capabilities.pause, "pause and resume");
        // A screen may be switched off by settings; the method is then refused by the capability.
        assert.ok(has("screenshot") || !capabilities.screenshot, "screenshot");
        assert.ok(has("consolePath") || plan.console.kind !== "pty", "consolePath");
      },
    },
    {
      name: "every call on a hypervisor that is gone fails as the contract says",
      run: () =>
        withFolder(async (folder) => {
          const control = backend.control({ socketPath: `${folder}/gone.sock` });
          for (const [name, call] of calls(control, folder)) await assertFails(name, call);
          assert.deepEqual([...Deno.readDirSync(folder)], [], "it has left a file");
        }),
    },
    {
      name: "every call on a hypervisor that hangs ends at its deadline",
      run: () =>
        withFolder(async (folder) => {
          const socketPath = `${folder}/mute.sock`;
          const server = Deno.listen({ transport: "unix", path: socketPath });
          const held: Deno.Conn[] = [];
          const accepting = (async () => {
            for await (const connection of server) held.push(connection);
          })();
          try {
            const control = backend.control({ socketPath });
            for (const [name, call] of calls(control, folder)) await assertFails(name, call);
          } finally {
            server.close();
            await accepting;
            for (const connection of held) connection.close();
          }
        }),
    },
    {
      name: "every call on something that is no hypervisor fails as the contract says",
      run: () =>
        withFolder(async (folder) => {
          const socketPath = `${folder}/babble.sock`;
          const server = Deno.listen({ transport: "unix", path: socketPath });
          const accepting = (async () => {
            for await (const connection of server) {
              await connection.write(new TextEncoder().encode("220 smtp ready\r\n"))
                .catch(() => {/* it went away, as it may */});
              connection.close();
            }
          })();
          try {
            const control = backend.control({ socketPath });
            for (const [name, call] of calls(control, folder)) await assertFails(name, call);
          } finally {
            server.close();
            await accepting;
          }
        }),
    },
  ];
}

function calls(control: Control, folder: string): [string, () => Promise<unknown>][] {
  const found: [string, () => Promise<unknown>][] = [
    ["state", () => control.state(TIMEOUT_MS)],
    ["requestStop", () => control.requestStop(TIMEOUT_MS)],
  ];
  const { quit, pause, resume, consolePath, screenshot } = control;
  if (quit) found.push(["quit", () => quit.call(control, TIMEOUT_MS)]);
  if (pause) found.push(["pause", () => pause.call(control, TIMEOUT_MS)]);
  if (resume) found.push(["resume", () => resume.call(control, TIMEOUT_MS)]);
  if (consolePath) found.push(["consolePath", () => consolePath.call(control, TIMEOUT_MS)]);
  if (screenshot) {
    const path = `${folder}/screen.png`;
    found.push(["screenshot", () => screenshot.call(control, path, TIMEOUT_MS)]);
  }
  return found;
}

async function assertFails(name: string, call: () => Promise<unknown>): Promise<void> {
  const started = performance.now();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    const message = `${name}() is still waiting after ${TIMEOUT_MS + SLACK_MS} ms`;
    timer = setTimeout(() => reject(new assert.AssertionError({ message })), TIMEOUT_MS + SLACK_MS);
  });
  try {
    await Promise.race([call(), late]);
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    assert.ok(error instanceof CocoonError, `${name}() throws no CocoonError: ${error}`);
    assert.equal(error.code, "failed", `${name}(): ${error.message}`);
    return;
  } finally {
    clearTimeout(timer);
  }
  assert.fail(`${name}() succeeded after ${Math.round(performance.now() - started)} ms`);
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
