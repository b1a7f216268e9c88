import assert from "node:assert/strict";
import type { PortForward } from "../../plugins/contract.ts";
import { gvproxyProgram } from "../../tests/support/trixie.ts";
import { waitFor } from "../../tests/support/wait_for.ts";
import { expose, exposed, type Gateway, openForwards, unexpose } from "./forwarder.ts";

const signal = new AbortController().signal;

/** Runs the real gvproxy, without a hypervisor. */
async function withGvproxy(body: (gateway: Gateway) => Promise<void>): Promise<void> {
  const dir = await Deno.makeTempDir();
  const apiSocketPath = `${dir}/api.sock`;
  const child = new Deno.Command(await gvproxyProgram(), {
    args: [
      ...["-listen", `unix://${apiSocketPath}`, "-listen-qemu", `unix://${dir}/qemu.sock`],
      ...["-ssh-port", "-1"],
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    const gateway = { apiSocketPath, guestAddress: "192.168.127.3" };
    await waitFor("gvproxy", () => exposed(gateway, signal));
    await body(gateway);
  } finally {
    child.kill("SIGTERM");
    await child.status;
    await Deno.remove(dir, { recursive: true });
  }
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

function forwardOf(hostPort: number): PortForward {
  return { protocol: "tcp", hostAddress: "127.0.0.1", hostPort, guestPort: 80 };
}

Deno.test("expose() and unexpose() open and close a port, once or twice", async () => {
  await withGvproxy(async (gateway) => {
    assert.deepEqual(await exposed(gateway, signal), []);
    const forward = forwardOf(freePort());
    for (let time = 0; time < 2; time++) await expose(gateway, forward, signal);
    assert.deepEqual(await exposed(gateway, signal), [
      { local: `127.0.0.1:${forward.hostPort}`, remote: "192.168.127.3:80", protocol: "tcp" },
    ]);
    assert.deepEqual(await openForwards(gateway, signal), [forward]);
    (await Deno.connect({ hostname: "127.0.0.1", port: forward.hostPort })).close();
    for (let time = 0; time < 2; time++) await unexpose(gateway, forward, signal);
    assert.deepEqual(await exposed(gateway, signal), []);
    await assert.rejects(Deno.connect({ hostname: "127.0.0.1", port: forward.hostPort }));
  });
});

Deno.test("expose() says whose port it could not have", async () => {
  await withGvproxy(async (gateway) => {
    using other = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = other.addr;
    await assert.rejects(expose(gateway, forwardOf(port), signal), {
      code: "conflict",
      message: `port 127.0.0.1:${port}/tcp is in use by another program`,
    });
    const nowhere = { ...forwardOf(port), hostAddress: "192.0.2.1" }; // RFC 5737: nobody's address
    await assert.rejects(expose(gateway, nowhere, signal), {
      code: "failed",
      message: /^port 192\.0\.2\.1:\d+\/tcp cannot be forwarded: .*cannot assign/,
    });
  });
});

Deno.test("exposed() says that nobody answers, and obeys its signal", async () => {
  const gateway = { apiSocketPath: "/nowhere/api.sock" };
  await assert.rejects(exposed(gateway, signal), { code: "failed", message: /does not answer/ });
  const reason = new Error("interrupted");
  assert.equal(await exposed(gateway, AbortSignal.abort(reason)).catch((e) => e), reason);
});
