import assert from "node:assert/strict";
import { waitFor } from "../../support/wait_for.ts";
import {
  request,
  type RunningStandIn,
  setState,
  startVfkit,
  waitForState,
  withFolder,
} from "./testing.ts";

/** Runs a machine with a played guest and its REST server on a socket. */
function withRest(
  test: (socket: string, vfkit: RunningStandIn) => Promise<void>,
  options: { args?: string[]; env?: Record<string, string> } = {},
): Promise<void> {
  return withFolder(async (folder) => {
    const socket = `${folder}/rest.sock`;
    await using vfkit = startVfkit([
      ...["--bootloader", `efi,variable-store=${folder}/store,create`],
      ...["--restful-uri", `unix://${socket}`, ...(options.args ?? [])],
    ], { env: { STAND_IN_NO_GUEST: "1", ...options.env } });
    await vfkit.says("waiting for VM to stop");
    await test(socket, vfkit);
  });
}

const RUNNING = '{"canHardStop":true,"canPause":true,"canResume":false,"canStart":false,' +
  '"canStop":true,"state":"VirtualMachineStateRunning"}';

Deno.test("REST answers as gin does, and logs on standard output", () =>
  withRest(async (socket, vfkit) => {
    const state = await request(socket, "GET", "/vm/state");
    assert.equal(state.text, RUNNING);
    assert.equal(state.headers.get("content-type"), "application/json; charset=utf-8");
    for (const method of ["PUT", "DELETE", "OPTIONS"]) {
      const refused = await request(socket, method, "/vm/state");
      assert.equal(refused.status, 404);
      assert.equal(refused.text, "404 page not found");
      assert.equal(refused.headers.get("content-type"), "text/plain");
    }
    assert.equal((await request(socket, "HEAD", "/vm/state")).status, 404);
    assert.equal((await request(socket, "POST", "/vm/inspect", "{}")).status, 404);
    assert.equal((await request(socket, "GET", "/version")).status, 404);
    const moved = await request(socket, "GET", "/vm/state/?a=1");
    assert.equal(moved.status, 301);
    assert.equal(moved.headers.get("location"), "/vm/state?a=1");
    const moved2 = await request(socket, "POST", "/vm/state/", "{}");
    assert.deepEqual([moved2.status, moved2.headers.get("location")], [307, "/vm/state"]);
    await waitFor("the access log", () => vfkit.stdout().includes('"/version"'));
    const [first] = vfkit.stdout().split("\n");
    assert.match(
      first ?? "",
      /^\[GIN\] \d{4}\/\d\d\/\d\d - \d\d:\d\d:\d\d \| 200 \| {2}[\d.]+[µmn]?s \| {2}<nil> \| GET {6}"\/vm\/state"$/,
    );
  }));

Deno.test("REST takes changes of state, and refuses the impossible in Apple's words", () =>
  withRest(async (socket, vfkit) => {
    const pause = await request(socket, "POST", "/vm/state", '{"STATE":"Pause","x":1} rest');
    assert.deepEqual([pause.status, pause.text], [202, ""]);
    assert.equal(pause.headers.get("content-length"), "0");
    assert.match((await request(socket, "GET", "/vm/state")).text, /VirtualMachineStatePaused/);
    for (
      const [state, from, to] of [["Pause", "paused", "pausing"], ["Stop", "paused", "stopping"]]
    ) {
      const refused = await setState(socket, state ?? "");
      assert.equal(refused.status, 500);
      const { error } = JSON.parse(refused.text);
      assert.ok(error.startsWith("Error Domain=VZErrorDomain Code=4 Description="), error);
      assert.ok(error.includes(`Transition from state “${from}” to state “${to}” is invalid.`));
    }
    assert.equal((await setState(socket, "Resume")).status, 202);
    assert.match(
      (await setState(socket, "Resume")).text,
      /from state “running” to state “resuming”/,
    );
    assert.equal((await setState(socket, "Stop")).status, 202);
    assert.equal(await vfkit.exit, 0);
    assert.throws(() => Deno.statSync(socket), Deno.errors.NotFound);
  }));

Deno.test("REST refuses what it cannot read", () =>
  withRest(async (socket) => {
    const answers: [body: string, status: number, error: string][] = [
      ["", 400, "EOF"],
      ['{"state":', 400, "unexpected EOF"],
      ["Stop", 400, "invalid character 'S' looking for beginning of value"],
      [
        '{"state":1}',
        400,
        "json: cannot unmarshal number into Go struct field VMState.state of type string",
      ],
      ["[]", 400, "json: cannot unmarshal array into Go value of type define.VMState"],
      ["{}", 500, "invalid new VMState: "],
      ['{"state":"stop"}', 500, "invalid new VMState: stop"],
      ['{"state":"Start"}', 500, "invalid new VMState: Start"],
    ];
    for (const [body, status, error] of answers) {
      const answer = await request(socket, "POST", "/vm/state", body);
      assert.deepEqual([answer.status, JSON.parse(answer.text)], [status, { error }]);
    }
  }));

Deno.test("GET /vm/inspect gives the machine, with the terminal's name once it runs", () =>
  withRest(async (socket, vfkit) => {
    const inspected = JSON.parse((await request(socket, "GET", "/vm/inspect")).text);
    const [serial, net] = inspected.devices;
    assert.match(serial.ptyName, /^\/dev\/pts\/\d+$/);
    assert.ok(vfkit.stderr().includes(`Using PTY (pty path: ${serial.ptyName})`));
    assert.deepEqual(net, { kind: "virtionet", nat: true });
    assert.equal(inspected.memoryBytes, 512 << 20);
  }, { args: ["--device", "virtio-serial,pty", "--device", "virtio-net,nat"] }));

Deno.test("the server listens before the machine runs, and shows no terminal until then", () =>
  withFolder(async (folder) => {
    const socket = `${folder}/rest.sock`;
    await using vfkit = startVfkit([
      ...["--bootloader", `efi,variable-store=${folder}/store,create`],
      ...["--restful-uri", `unix://${socket}`, "--device", "virtio-serial,pty"],
    ], { env: { STAND_IN_NO_GUEST: "1", VZ_START: "hang" } });
    await waitForState(socket, "Starting");
    const { devices } = JSON.parse((await request(socket, "GET", "/vm/inspect")).text);
    assert.deepEqual(devices, [{ kind: "virtioserial", usesPty: true }]);
    assert.equal(await vfkit.exit, 1);
    assert.match(vfkit.stderr(), /\ntimeout waiting for VM state\n$/);
  }));

Deno.test("HardStop cuts its own answer, or gives it when it is told to", async () => {
  await withRest(async (socket, vfkit) => {
    await assert.rejects(setState(socket, "HardStop"), TypeError);
    assert.equal(await vfkit.exit, 0);
  });
  await withRest(async (socket, vfkit) => {
    assert.equal((await setState(socket, "HardStop")).status, 202);
    assert.equal(await vfkit.exit, 0);
  }, { env: { STAND_IN_HARD_STOP: "answer" } });
});

Deno.test("REST over TCP tells the client's address, and a busy port is fatal", () =>
  withFolder(async (folder) => {
    const boot = ["--bootloader", `efi,variable-store=${folder}/store,create`];
    const free = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = free.addr;
    free.close();
    const args = [...boot, "--restful-uri", `tcp://localhost:${port}`];
    const env = { STAND_IN_NO_GUEST: "1" };
    await using vfkit = startVfkit(args, { env });
    const response = await waitFor("the server", () => fetch(`http://127.0.0.1:${port}/vm/state`));
    await response.body?.cancel();
    await waitFor("the access log", () => vfkit.stdout().includes("|  127.0.0.1 | GET "));
    await using second = startVfkit(args, { env });
    assert.equal(await second.exit, 1);
    assert.match(
      second.stderr(),
      /level=fatal msg="listen tcp .*: bind: address already in use"\n$/,
    );
  }));
