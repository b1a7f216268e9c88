import assert from "node:assert/strict";
import type { Control } from "../../plugins/contract.ts";
import { type StubAnswer, StubRestServer } from "../testing/stub_rest_server.ts";
import { controlMachine } from "./control.ts";

const TIMEOUT_MS = 2_000;

/** As krunkit answers: no length, and a NUL behind the JSON. */
const said = (state: string, end = "\0") =>
  "HTTP/1.1 200 OK\r\nContent-type: application/json\r\n\r\n" +
  `{"state": "VirtualMachineState${state}"}${end}`;

async function withKrunkit(
  respond: (method: string) => StubAnswer,
  use: (control: Control, server: StubRestServer) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await using server = new StubRestServer(
      `${folder}/krunkit.sock`,
      ({ method }) => respond(method),
    );
    await use(controlMachine({ socketPath: server.path }), server);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const always = (answer: StubAnswer) => () => answer;

Deno.test("state() reads JSON with a NUL behind it, and one day without", async () => {
  for (const end of ["\0", "", "\0\0"]) {
    await withKrunkit(always(said("Running", end)), async (control, { requests }) => {
      assert.equal(await control.state(TIMEOUT_MS), "running");
      assert.deepEqual(requests, [{ method: "GET", path: "/vm/state", body: "" }]);
    });
  }
  await withKrunkit(always(said("Stopping")), async (control) => {
    assert.equal(await control.state(TIMEOUT_MS), "stopping");
  });
});

Deno.test("requestStop() posts, and is content with nothing but Stopping", async () => {
  const answers = (method: string) => said(method === "POST" ? "Stopping" : "Running");
  await withKrunkit(answers, async (control, { requests }) => {
    await control.requestStop(TIMEOUT_MS);
    assert.deepEqual(requests, [{ method: "POST", path: "/vm/state", body: '{"state":"Stop"}' }]);
  });
  await withKrunkit(always(said("Running")), async (control) => {
    await assert.rejects(control.requestStop(TIMEOUT_MS), {
      code: "failed",
      message: "krunkit: it was asked to stop, and says that it is Running",
    });
  });
});

Deno.test("a server that hangs, cuts or babbles is a failure in krunkit's name", async () => {
  const cases: [StubAnswer, RegExp][] = [
    ["hang", /^krunkit: GET \/vm\/state: no answer within 200 ms$/],
    ["cut", /^krunkit: GET \/vm\/state: /],
    [said("Dreaming"), /^krunkit: status 200: .*Dreaming/],
    ["HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno", /^krunkit: status 404: "no"$/],
  ];
  for (const [answer, message] of cases) {
    await withKrunkit(always(answer), async (control) => {
      await assert.rejects(control.state(200), { code: "failed", message });
    });
  }
  await assert.rejects(controlMachine({ socketPath: "/nonexistent/k.sock" }).state(TIMEOUT_MS), {
    message: "krunkit: GET /vm/state: nobody listens",
  });
});

Deno.test("there is nothing that krunkit cannot do", () => {
  const control = controlMachine({ socketPath: "/s" });
  assert.deepEqual(Object.keys(control).sort(), ["requestStop", "state"]);
});
