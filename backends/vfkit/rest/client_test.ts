import assert from "node:assert/strict";
import { answer, type StubAnswer, StubRestServer } from "../../testing/stub_rest_server.ts";
import { changeState, getState, inspect, VFKIT_STATES, type VfkitChange } from "./client.ts";
import { RestError } from "../../rest_error.ts";

const TIMEOUT_MS = 2_000;

async function withServer(
  reply: StubAnswer | (() => StubAnswer),
  use: (server: StubRestServer) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using server = new StubRestServer(
      `${folder}/rest.sock`,
      typeof reply === "string" ? () => reply : reply,
    );
    await use(server);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function failure(reason: string, message: RegExp, status?: number) {
  return (error: unknown) => {
    assert.ok(error instanceof RestError, String(error));
    assert.equal(error.reason, reason, error.message);
    assert.match(error.message, message);
    assert.equal(error.status, status);
    return true;
  };
}

Deno.test("getState() knows every state of the framework", async () => {
  for (const state of VFKIT_STATES) {
    const body = `{"canHardStop":true,"canPause":true,"canResume":false,"canStart":false,` +
      `"canStop":true,"state":"VirtualMachineState${state}"}`;
    await withServer(answer(200, body), async (server) => {
      assert.equal(await getState(server.path, TIMEOUT_MS), state);
      assert.deepEqual(server.requests, [{ method: "GET", path: "/vm/state", body: "" }]);
    });
  }
});

Deno.test("getState() refuses a state that it does not know", async () => {
  await withServer(answer(200, '{"state":"VirtualMachineStateDreaming"}'), async ({ path }) => {
    await assert.rejects(getState(path, TIMEOUT_MS), failure("garbage", /Dreaming/, 200));
  });
});

for (const change of ["Stop", "HardStop", "Pause", "Resume"] satisfies VfkitChange[]) {
  Deno.test(`changeState() posts ${change} and takes vfkit's 202`, async () => {
    await withServer(answer(202, ""), async (server) => {
      await changeState(server.path, change, TIMEOUT_MS);
      assert.deepEqual(server.requests, [
        { method: "POST", path: "/vm/state", body: `{"state":"${change}"}` },
      ]);
    });
  });
}

Deno.test("changeState() rejects with vfkit's own words when the state does not allow it", async () => {
  const said = 'Error Domain=VZErrorDomain Code=4 Description="Invalid virtual machine state ' +
    'transition. Transition from state “paused” to state “pausing” is invalid." UserInfo={}';
  await withServer(answer(500, JSON.stringify({ error: said })), async ({ path }) => {
    await assert.rejects(
      changeState(path, "Pause", TIMEOUT_MS),
      failure("refused", /Code=4 .*“pausing” is invalid/, 500),
    );
  });
});

Deno.test("changeState() tells a connection that was cut from one that nobody answers", async () => {
  await withServer("cut", async ({ path }) => {
    await assert.rejects(
      changeState(path, "HardStop", TIMEOUT_MS),
      failure("closed", /the connection was cut/),
    );
  });
  await assert.rejects(
    changeState("/nonexistent/rest.sock", "HardStop", TIMEOUT_MS),
    failure("unreachable", /nobody listens/),
  );
});

Deno.test("a socket that its process left behind is unreachable", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/rest.sock`;
    // Deno removes the file of a listener that is closed; a link to it stays.
    await using server = new StubRestServer(path, () => "cut");
    await Deno.link(path, `${folder}/stale.sock`);
    await server[Symbol.asyncDispose]();
    await assert.rejects(
      getState(`${folder}/stale.sock`, TIMEOUT_MS),
      failure("unreachable", /nobody listens/),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a server that never answers is given up at the deadline", async () => {
  await withServer("hang", async ({ path }) => {
    const before = performance.now();
    await assert.rejects(getState(path, 150), failure("timeout", /no answer within 150 ms/));
    const took = performance.now() - before;
    assert.ok(took > 100 && took < 1_500, `${took} ms`);
  });
});

Deno.test("a body that stops half way is given up at the deadline", async () => {
  const half = answer(200, '{"state":"VirtualMachineStateRunning"}').slice(0, -5);
  await withServer(half, async ({ path }) => {
    await assert.rejects(getState(path, 300), (error) => error instanceof RestError);
  });
});

Deno.test("what is no vfkit is garbage, with its beginning", async () => {
  const page = answer(404, "404 page not found", "text/plain");
  const cases: [string, RegExp, number | undefined][] = [
    [page, /status 404: "404 page not found"/, 404],
    [answer(200, "[1]"), /not JSON: "\[1\]"/, 200],
    [answer(200, "{"), /not JSON: "{"/, 200],
    ["220 smtp ready\r\n", /./, undefined],
  ];
  for (const [reply, message, status] of cases) {
    await withServer(reply, async ({ path }) => {
      await assert.rejects(getState(path, TIMEOUT_MS), failure("garbage", message, status));
    });
  }
});

Deno.test("inspect() gives the devices in their order, with the terminal's name", async () => {
  const body = JSON.stringify({
    vcpus: 2,
    memoryBytes: 1 << 30,
    bootloader: { kind: "efiBootloader", efiVariableStorePath: "/s", createVariableStore: true },
    devices: [
      { kind: "virtionet", nat: false, socket: {}, macAddress: "52:54:00:11:22:33" },
      { kind: "virtioserial", usesPty: true, ptyName: "/dev/ttys003" },
    ],
  });
  await withServer(answer(200, body), async (server) => {
    const found = await inspect(server.path, TIMEOUT_MS);
    assert.deepEqual(found.devices.map(({ kind }) => kind), ["virtionet", "virtioserial"]);
    assert.equal(found.devices[1]?.ptyName, "/dev/ttys003");
    assert.equal(server.requests[0]?.path, "/vm/inspect");
  });
  await withServer(answer(200, '{"vcpus":1,"memoryBytes":2}'), async ({ path }) => {
    assert.deepEqual((await inspect(path, TIMEOUT_MS)).devices, []);
  });
  await withServer(answer(200, '{"vcpus":1,"memoryBytes":2,"devices":[1]}'), async ({ path }) => {
    await assert.rejects(inspect(path, TIMEOUT_MS), failure("garbage", /configuration/, 200));
  });
});
