import assert from "node:assert/strict";
import { GREETING, type StubCommand, StubQmpServer } from "../testing/stub_qmp_server.ts";
import { eventually, RealQemu } from "../testing/real_qemu.ts";
import { QmpClient, QmpError, type QmpEvent, type QmpFailure } from "./client.ts";

const SOON = { timeoutMs: 2000 };

function failsWith(reason: QmpFailure, text: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof QmpError, String(error));
    assert.equal(error.reason, reason, error.message);
    assert.match(error.message, text);
    return true;
  };
}

Deno.test("QmpClient.connect() negotiates and tells the server's version", async () => {
  await using server = new StubQmpServer();
  await using client = await QmpClient.connect(server.path, SOON);
  assert.deepEqual(client.version, { major: 7, minor: 2, micro: 22 });
  assert.deepEqual(server.received, [{ execute: "qmp_capabilities", id: 1 }]);
});

Deno.test("QmpClient.connect() rejects as unreachable without a socket", async () => {
  const path = `/tmp/no-such-${crypto.randomUUID()}`;
  await assert.rejects(QmpClient.connect(path, SOON), failsWith("unreachable", /No such file/));
});

Deno.test("QmpClient.connect() rejects as unreachable when nobody listens any more", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const path = `${directory}/stale.sock`;
    // A plain file refuses connections in the same way as a dead server's socket.
    await Deno.writeTextFile(path, "");
    await assert.rejects(QmpClient.connect(path, SOON), failsWith("unreachable", /refused/));
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("QmpClient.connect() gives up on a mute server at the deadline", async () => {
  await using server = new StubQmpServer({ greeting: undefined });
  const startMs = performance.now();
  await assert.rejects(
    QmpClient.connect(server.path, { timeoutMs: 150 }),
    failsWith("timeout", /No greeting .* deadline of 1\d\d ms passed/),
  );
  assert.ok(performance.now() - startMs < 1500);
});

Deno.test("QmpClient.connect() gives up when its signal is aborted", async () => {
  await using server = new StubQmpServer({ greeting: undefined });
  const signal = AbortSignal.timeout(50);
  await assert.rejects(
    QmpClient.connect(server.path, { timeoutMs: 20_000, signal }),
    failsWith("interrupted", /interrupted/),
  );
});

Deno.test("QmpClient.connect() rejects servers that do not speak QMP", async (t) => {
  const answers: [string, string, QmpFailure, RegExp][] = [
    ["HTTP", "HTTP/1.1 400 Bad Request\r\n", "protocol", /not JSON: "HTTP\/1.1 400/],
    ["other JSON", '{"hello": 1}\n', "protocol", /not QMP/],
    ["an array", "[1,2]\n", "protocol", /not QMP/],
    ["a broken greeting", '{"QMP": {"version": {"qemu": {}}}}\n', "protocol", /not QMP/],
    ["an event first", '{"event": "STOP"}\n', "protocol", /no greeting/],
    ["a line without an end", "x".repeat(5000), "protocol", /longer than 4096 bytes/],
  ];
  for (const [name, text, reason, message] of answers) {
    await t.step(name, async () => {
      await using server = new StubQmpServer({ greeting: text });
      await assert.rejects(
        QmpClient.connect(server.path, { ...SOON, maxLineBytes: 4096 }),
        failsWith(reason, message),
      );
    });
  }
});

Deno.test("QmpClient.connect() rejects bytes that are not UTF-8", async () => {
  const directory = await Deno.makeTempDir();
  using listener = Deno.listen({ transport: "unix", path: `${directory}/s` });
  const served = listener.accept().then(async (connection) => {
    await connection.write(Uint8Array.of(0xff, 0xfe, 0x0a));
    return connection;
  });
  try {
    await assert.rejects(
      QmpClient.connect(`${directory}/s`, SOON),
      failsWith("protocol", /UTF-8/),
    );
    (await served).close();
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("QmpClient.connect() rejects a server that closes at once", async () => {
  const directory = await Deno.makeTempDir();
  using listener = Deno.listen({ transport: "unix", path: `${directory}/s` });
  const served = listener.accept().then((connection) => connection.close());
  try {
    await assert.rejects(
      QmpClient.connect(`${directory}/s`, SOON),
      failsWith("closed", /closed the connection|Connection broke/),
    );
    await served;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("QmpClient.connect() waits its turn behind another client", async () => {
  await using server = new StubQmpServer();
  const first = await QmpClient.connect(server.path, SOON);
  await assert.rejects(
    QmpClient.connect(server.path, { timeoutMs: 100 }),
    failsWith("timeout", /another client may hold it/),
  );
  const waiting = QmpClient.connect(server.path, SOON);
  await first.close();
  await using second = await waiting;
  assert.deepEqual(await second.execute("query-status", {}, SOON), {});
});

Deno.test("QmpClient.execute() sends arguments and returns the result", async () => {
  await using server = new StubQmpServer({
    onCommand: (command, connection) => connection.answer(command, { got: command.arguments }),
  });
  await using client = await QmpClient.connect(server.path, SOON);
  const result = await client.execute("screendump", { filename: "/a b,ü" }, SOON);
  assert.deepEqual(result, { got: { filename: "/a b,ü" } });
});

Deno.test("QmpClient.execute() matches answers by id, not by order", async () => {
  const held: StubCommand[] = [];
  await using server = new StubQmpServer({
    onCommand: async (command, connection) => {
      held.push(command);
      if (held.length < 3) return;
      for (const one of held.reverse()) await connection.answer(one, one.execute);
    },
  });
  await using client = await QmpClient.connect(server.path, SOON);
  const results = await Promise.all(["a", "b", "c"].map((name) => client.execute(name, {}, SOON)));
  assert.deepEqual(results, ["a", "b", "c"]);
});

Deno.test("QmpClient.execute() rejects with the server's words and class", async () => {
  await using server = new StubQmpServer({
    onCommand: (command, connection) =>
      connection.refuse(command, "The command nope has not been found", "CommandNotFound"),
  });
  await using client = await QmpClient.connect(server.path, SOON);
  const error = await client.execute("nope", {}, SOON).catch((error) => error);
  failsWith("command", /^nope: The command nope has not been found$/)(error);
  assert.equal(error.errorClass, "CommandNotFound");
  await assert.rejects(client.execute("again", {}, SOON), failsWith("command", /^again:/));
});

Deno.test("QmpClient.execute() gives up at the deadline and stays usable", async () => {
  let late: (() => Promise<void>) | undefined;
  await using server = new StubQmpServer({
    onCommand: async (command, connection) => {
      if (command.execute === "slow") late = () => connection.answer(command, "late");
      else {
        await late?.();
        await connection.answer(command, "in time");
      }
    },
  });
  await using client = await QmpClient.connect(server.path, SOON);
  await assert.rejects(
    client.execute("slow", {}, { timeoutMs: 60 }),
    failsWith("timeout", /No answer to slow/),
  );
  assert.equal(await client.execute("quick", {}, SOON), "in time");
});

Deno.test("QmpClient.execute() rejects everything pending when the server closes", async () => {
  await using server = new StubQmpServer({
    onCommand: (command, connection) => command.execute === "quit" ? connection.close() : undefined,
  });
  await using client = await QmpClient.connect(server.path, SOON);
  const results = await Promise.allSettled([
    client.execute("one", {}, SOON),
    client.execute("quit", {}, SOON),
  ]);
  for (const result of results) {
    assert.ok(result.status === "rejected");
    failsWith("closed", /./)(result.reason);
  }
  await assert.rejects(client.execute("after", {}, SOON), failsWith("closed", /./));
});

Deno.test("QmpClient.execute() ends the connection on garbage in the middle", async (t) => {
  for (const garbage of ["%%%\r\n", '{"return": {}}\r\n', GREETING]) {
    await t.step(garbage.slice(0, 12), async () => {
      await using server = new StubQmpServer({
        onCommand: (_command, connection) => connection.send(garbage),
      });
      await using client = await QmpClient.connect(server.path, SOON);
      await assert.rejects(client.execute("x", {}, SOON), failsWith("protocol", /./));
      await assert.rejects(client.execute("y", {}, SOON), failsWith("protocol", /./));
    });
  }
});

Deno.test("QmpClient.events() delivers events in order, also those from before it was called", async () => {
  await using server = new StubQmpServer({
    onCommand: async (command, connection) => {
      const timestamp = { seconds: 1700000000, microseconds: 123456 };
      for (const event of ["POWERDOWN", "SHUTDOWN"]) {
        await connection.send(
          `${JSON.stringify({ event, data: { guest: true }, timestamp })}\r\n`,
        );
      }
      await connection.answer(command);
      connection.close();
    },
  });
  await using client = await QmpClient.connect(server.path, SOON);
  await client.execute("system_powerdown", {}, SOON);
  const seen: QmpEvent[] = [];
  for await (const event of client.events()) seen.push(event);
  assert.deepEqual(seen.map((event) => event.name), ["POWERDOWN", "SHUTDOWN"]);
  assert.deepEqual(seen[0], {
    name: "POWERDOWN",
    data: { guest: true },
    timestampMs: 1700000000123,
  });
});

Deno.test("QmpClient.close() ends a waiting event loop and may be repeated", async () => {
  await using server = new StubQmpServer();
  const client = await QmpClient.connect(server.path, SOON);
  const loop = (async () => {
    for await (const _event of client.events()) assert.fail("no event was sent");
  })();
  await client.close();
  await client.close();
  await loop;
  await assert.rejects(client.execute("x", {}, SOON), failsWith("closed", /by this side/));
});

Deno.test("QmpClient speaks with the real QEMU, many times and at once", async () => {
  const directory = await Deno.makeTempDir();
  const path = `${directory}/q,mp.sock`;
  try {
    await using qemu = new RealQemu("qemu-system-x86_64", [
      ...["-machine", "none,accel=tcg", "-nodefaults", "-no-user-config", "-display", "none"],
      ...["-chardev", `socket,id=qmp,path=${path.replaceAll(",", ",,")},server=on,wait=off`],
      ...["-mon", "chardev=qmp,mode=control"],
    ]);
    const first = await eventually(10_000, () => QmpClient.connect(path, SOON));
    // The longest answer that QEMU has.
    const schema = await first.execute("query-qmp-schema", {}, { timeoutMs: 10_000 });
    assert.ok(Array.isArray(schema) && schema.length > 500);
    await first.close();
    // More clients than QEMU's queue holds: they retry, and each has its turn.
    const states = await Promise.all(Array.from({ length: 12 }, async () => {
      await using client = await QmpClient.connect(path, { timeoutMs: 10_000 });
      return await client.execute("query-status", {}, SOON);
    }));
    assert.equal(states.length, 12);
    for (const state of states) assert.deepEqual(state, states[0]);
    await using last = await QmpClient.connect(path, SOON);
    await assert.rejects(last.execute("no-such-command", {}, SOON), (error: QmpError) => {
      assert.equal(error.errorClass, "CommandNotFound");
      return true;
    });
    await last.execute("quit", {}, SOON);
    assert.equal((await qemu.ended(5000)).code, 0);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
