import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { realHost } from "../host/host.ts";
import type { RunResult } from "../plugins/contract.ts";
import { awaitSshBanner, readSshBanner } from "./ssh_banner.ts";
import type { SshTarget } from "./ssh_options.ts";
import { waitForSsh, type WaitForSshRequest } from "./ssh_probe.ts";

/** A TCP server on the loopback that treats each connection alike. */
async function withServer(
  serve: (connection: Deno.TcpConn) => unknown,
  body: (port: number) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const loop = (async () => {
    for await (const connection of listener) {
      open.add(connection);
      Promise.resolve(serve(connection)).catch(() => {});
    }
  })();
  try {
    await body(listener.addr.port);
  } finally {
    listener.close();
    await loop;
    for (const connection of open) {
      try {
        connection.close();
      } catch { /* closed by the server itself */ }
    }
  }
}

const say = (text: string) => async (connection: Deno.TcpConn) => {
  await connection.write(new TextEncoder().encode(text));
};

function target(port: number): SshTarget {
  return {
    machineId: "abcdefghijkl",
    host: "127.0.0.1",
    port,
    user: "cocoon",
    keyPath: "/key",
    knownHostsPath: "/hosts",
  };
}

function request(port: number, more: Partial<WaitForSshRequest> = {}): WaitForSshRequest {
  const stillRunning = () => Promise.resolve(true);
  return { machine: "web", target: target(port), timeoutMs: 600, stillRunning, ...more };
}

/** An `ssh` that ends as given, each time as the next of the list; the last one stays. */
function fakeSsh(...results: [Partial<RunResult>, ...Partial<RunResult>[]]) {
  let calls = 0;
  return {
    calls: () => calls,
    run: (argv: readonly string[]) => {
      assert.equal(argv[0], "ssh");
      assert.equal(argv.at(-1), "true");
      assert(argv.includes("BatchMode=yes"));
      const result = results[Math.min(calls++, results.length - 1)];
      return Promise.resolve({ code: 0, stdout: "", stderr: "", ...result });
    },
  };
}

async function failure(promise: Promise<void>): Promise<CocoonError> {
  try {
    await promise;
  } catch (error) {
    assert(error instanceof CocoonError, String(error));
    assert.equal(error.code, "failed");
    return error;
  }
  assert.fail("it succeeded");
}

Deno.test("readSshBanner() tells apart what can answer at a port", async () => {
  const read = (port: number) => readSshBanner("127.0.0.1", port, 400);
  await withServer(say("SSH-2.0-x\r\n"), async (port) => {
    assert.deepEqual(await read(port), { kind: "banner", text: "SSH-2.0-x" });
  });
  await withServer(say("Welcome\r\nSSH-2.0-y\n"), async (port) => {
    assert.deepEqual(await read(port), { kind: "banner", text: "SSH-2.0-y" });
  });
  await withServer(async (connection) => {
    await say("SSH-")(connection);
    await new Promise((resolve) => setTimeout(resolve, 50));
    await say("2.0-slow\r\n")(connection);
  }, async (port) => assert.deepEqual(await read(port), { kind: "banner", text: "SSH-2.0-slow" }));
  await withServer((connection) => connection.close(), async (port) => {
    assert.equal((await read(port)).kind, "closed");
  });
  await withServer(() => {}, async (port) => {
    const start = performance.now();
    assert.equal((await read(port)).kind, "silent");
    assert(performance.now() - start < 3000);
  });
  await withServer(say(`HTTP/1.1 400 Bad\r\n${"x".repeat(5000)}`), async (port) => {
    const result = await read(port);
    assert(result.kind === "other" && result.text.startsWith("HTTP/1.1 400 Bad"));
  });
  let closedPort = 0;
  await withServer(() => {}, (port) => Promise.resolve(void (closedPort = port)));
  assert.equal((await read(closedPort)).kind, "refused");
});

Deno.test("awaitSshBanner() tries beside a connection that hangs", async () => {
  let connections = 0;
  await withServer((connection) => {
    if (++connections === 3) return say("SSH-2.0-third\r\n")(connection);
  }, async (port) => {
    const start = performance.now();
    const result = await awaitSshBanner("127.0.0.1", port, 20_000);
    assert.deepEqual(result, { kind: "banner", text: "SSH-2.0-third" });
    assert(performance.now() - start < 10_000);
  });
});

Deno.test("awaitSshBanner() ends in time when every connection hangs", async () => {
  await withServer(() => {}, async (port) => {
    const start = performance.now();
    assert.equal((await awaitSshBanner("127.0.0.1", port, 1500)).kind, "silent");
    assert(performance.now() - start < 5000);
  });
});

Deno.test("waitForSsh() tries again until the login succeeds", async () => {
  const ssh = fakeSsh({ code: 255, stderr: "cocoon@h: Permission denied (publickey)." }, {
    code: 0,
  });
  await withServer(
    say("SSH-2.0-x\r\n"),
    (port) => waitForSsh(ssh, request(port, { timeoutMs: 9000 })),
  );
  assert.equal(ssh.calls(), 2);
});

Deno.test("waitForSsh() says what was seen last when the time is over", async () => {
  const banner = say("SSH-2.0-x\r\n");
  const after = async (
    serve: (connection: Deno.TcpConn) => unknown,
    result: Partial<RunResult>,
  ) => {
    let error: CocoonError | undefined;
    await withServer(serve, async (port) => {
      error = await failure(waitForSsh(fakeSsh(result), request(port)));
    });
    return error?.message ?? "";
  };
  assert.match(
    await after(banner, { code: 255, stderr: "x: Permission denied (publickey).\n" }),
    /^web: no SSH login within 1 s at 127\.0\.0\.1 port \d+: the login was refused/,
  );
  assert.match(
    await after(banner, { code: 255, stderr: "Host key verification failed.\n" }),
    /another host key than the one/,
  );
  assert.match(await after(banner, { code: 255, stderr: "a\nkex: b\n" }), /ssh said: kex: b$/);
  assert.match(await after(banner, { code: 1 }), /status 1$/);
  assert.match(await after(() => {}, {}), /no SSH banner came/);
  assert.match(await after((connection) => connection.close(), {}), /without an SSH banner/);
});

Deno.test("waitForSsh() asks for the address until it is known, and follows it when it changes", async () => {
  const ssh = fakeSsh({ code: 255, stderr: "Permission denied (publickey)." }, { code: 0 });
  await withServer(say("SSH-2.0-x\r\n"), async (first) => {
    await withServer(say("SSH-2.0-x\r\n"), async (second) => {
      const { target } = request(first);
      assert.ok(typeof target === "object");
      const answers = [undefined, undefined, target, { ...target, port: second }];
      await waitForSsh(ssh, {
        ...request(first, { timeoutMs: 9000 }),
        target: () => Promise.resolve(answers.shift()),
      });
      assert.deepEqual(answers, []);
    });
  });
  assert.equal(ssh.calls(), 2);
  const error = await failure(
    waitForSsh(fakeSsh({}), request(1, { target: () => Promise.resolve(undefined) })),
  );
  assert.match(error.message, /^web: no SSH login within 1 s: the guest has no address that/);
});

Deno.test("waitForSsh() stops at once when the machine has ended", async () => {
  const stillRunning = () => Promise.resolve(false);
  const error = await failure(
    waitForSsh(fakeSsh({}), request(1, { stillRunning, timeoutMs: 60_000 })),
  );
  assert.match(error.message, /^web: it ended before SSH answered/);
  assert.match(error.hint ?? "", /cocoon vm logs web/);
});

Deno.test("waitForSsh() stops at once when it is interrupted", async () => {
  await withServer(() => {}, async (port) => {
    const controller = new AbortController();
    const reason = new Error("interrupted");
    const start = performance.now();
    setTimeout(() => controller.abort(reason), 100);
    await assert.rejects(
      waitForSsh(fakeSsh({}), request(port, { timeoutMs: 60_000, signal: controller.signal })),
      reason,
    );
    assert(performance.now() - start < 3000);
  });
});

Deno.test("waitForSsh() says what is lacking when there is no ssh", async () => {
  const empty = await Deno.makeTempDir();
  const host = realHost();
  try {
    await withServer(say("SSH-2.0-x\r\n"), async (port) => {
      await assert.rejects(
        waitForSsh({ run: ([, ...args]) => host.run([`${empty}/ssh`, ...args]) }, request(port)),
        (error) => error instanceof CocoonError && error.code === "host-lacks",
      );
    });
  } finally {
    await Deno.remove(empty);
  }
});
