import assert from "node:assert/strict";
import type { Control, GuestState } from "../../plugins/contract.ts";
import { controlMachine } from "./control.ts";
import { VFKIT_STATES } from "./rest/client.ts";
import {
  answer,
  type RecordedRequest,
  type StubAnswer,
  StubRestServer,
} from "../testing/stub_rest_server.ts";

const TIMEOUT_MS = 2_000;

async function withVfkit(
  respond: (request: RecordedRequest) => StubAnswer,
  use: (control: Control, server: StubRestServer) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using server = new StubRestServer(`${folder}/vfkit.sock`, respond);
    await use(controlMachine({ socketPath: server.path }), server);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const state = (word: string) =>
  answer(200, JSON.stringify({ state: `VirtualMachineState${word}` }));

/** A machine whose state follows what is posted, one look later. */
function following(first: string, next: Record<string, string[]>) {
  let current = [first];
  return ({ method, body }: RecordedRequest): StubAnswer => {
    if (method === "GET") {
      const [now = "", ...later] = current;
      if (later.length > 0) current = later;
      return state(now);
    }
    current = next[JSON.parse(body).state] ?? current;
    return answer(202, "");
  };
}

Deno.test("state() never says that a machine is gone, for vfkit serves before its start", async () => {
  const seen = new Map<string, GuestState>();
  for (const word of VFKIT_STATES) {
    await withVfkit(() => state(word), async (control) => {
      seen.set(word, await control.state(TIMEOUT_MS));
    });
  }
  assert.equal(seen.get("Stopped"), "starting");
  assert.equal(seen.get("Running"), "running");
  assert.equal(seen.get("Paused"), "paused");
  assert.equal(seen.get("Stopping"), "stopping");
  assert.ok(![...seen.values()].includes("stopped"));
});

Deno.test("requestStop() presses the power button and does not wait for the guest", async () => {
  await withVfkit(() => answer(202, ""), async (control, server) => {
    await control.requestStop(TIMEOUT_MS);
    assert.deepEqual(server.requests.map(({ body }) => body), ['{"state":"Stop"}']);
  });
});

Deno.test("quit() takes a connection that is cut for the end, and only that", async () => {
  await withVfkit(() => "cut", async (control, server) => {
    await control.quit?.(TIMEOUT_MS);
    assert.deepEqual(server.requests.map(({ body }) => body), ['{"state":"HardStop"}']);
  });
  await withVfkit(() => answer(500, '{"error":"no"}'), async (control) => {
    await assert.rejects(async () => await control.quit?.(TIMEOUT_MS), {
      code: "failed",
      message: "vfkit: no",
    });
  });
  await withVfkit(() => "hang", async (control) => {
    await assert.rejects(async () => await control.quit?.(100), { code: "failed" });
  });
});

Deno.test("pause() returns when the machine is paused, resume() when it runs", async () => {
  const machine = following("Running", {
    Pause: ["Pausing", "Pausing", "Paused"],
    Resume: ["Resuming", "Running"],
  });
  await withVfkit(machine, async (control) => {
    await control.pause?.(TIMEOUT_MS);
    assert.equal(await control.state(TIMEOUT_MS), "paused");
    await control.resume?.(TIMEOUT_MS);
    assert.equal(await control.state(TIMEOUT_MS), "running");
  });
});

Deno.test("pause() of a paused machine asks for nothing", async () => {
  await withVfkit(() => state("Paused"), async (control, server) => {
    await control.pause?.(TIMEOUT_MS);
    assert.deepEqual(server.requests.map(({ method }) => method), ["GET"]);
  });
});

Deno.test("pause() gives up at its deadline and says how far it came", async () => {
  await withVfkit(following("Running", { Pause: ["Pausing"] }), async (control) => {
    await assert.rejects(async () => await control.pause?.(200), {
      code: "failed",
      message: /Pause: still Pausing after 200 ms|no answer within/,
    });
  });
});

Deno.test("consolePath() waits for the terminal's name, which comes with the start", async () => {
  let looks = 0;
  const serve = () => {
    const named = ++looks > 2 ? { ptyName: "/dev/ttys007" } : {};
    const devices = [{ kind: "virtiorng" }, { kind: "virtioserial", usesPty: true, ...named }];
    return answer(200, JSON.stringify({ vcpus: 1, memoryBytes: 1, devices }));
  };
  await withVfkit(serve, async (control, server) => {
    assert.equal(await control.consolePath?.(TIMEOUT_MS), "/dev/ttys007");
    assert.ok(server.requests.every(({ path }) => path === "/vm/inspect"));
  });
  const none = answer(200, '{"vcpus":1,"memoryBytes":1}');
  await withVfkit(() => none, async (control) => {
    await assert.rejects(async () => await control.consolePath?.(150), {
      code: "failed",
      message: /the console's terminal has no name yet|no answer/,
    });
  });
});
