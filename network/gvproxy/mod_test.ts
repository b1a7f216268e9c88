import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import type { AttachRequest, Host, JsonObject, Nic, PortForward } from "../../plugins/contract.ts";
import {
  bareHost,
  DIRS,
  HomeReservations,
  sampleMachine,
  sampleNic,
} from "../../tests/conformance/samples.ts";
import { processesNaming } from "../../tests/support/processes.ts";
import { waitFor } from "../../tests/support/wait_for.ts";
import gvproxy from "./mod.ts";
import { gvproxySettings } from "./settings.ts";

/** A program that exists; attaching starts nothing. */
const PROGRAM = Deno.execPath();

function attach(
  { host = realHost(), nic = sampleNic(), settings = {}, accepts = ["stream-path"], more = {} }: {
    host?: Host;
    nic?: Nic;
    settings?: JsonObject;
    accepts?: AttachRequest["accepts"];
    more?: Partial<AttachRequest>;
  } = {},
) {
  return gvproxy.attach({
    host,
    machine: { ...sampleMachine("efi"), nics: [nic] },
    nic,
    settings: gvproxySettings.read({ program: PROGRAM, ...settings }),
    dirs: DIRS,
    accepts,
    reservations: new HomeReservations().of("one"),
    previous: undefined,
    dryRun: false,
    record: () => {},
    signal: new AbortController().signal,
    ...more,
  });
}

Deno.test("attach() plans a gvproxy on QEMU's socket that is waited for", async () => {
  const result = await attach({ accepts: ["user", "stream-path", "dgram-path"] });
  const path = `${DIRS.run}/gv0.sock`;
  const api = `${DIRS.run}/gv0-api.sock`;
  assert.deepEqual(result?.attachment, { kind: "stream-path", path });
  assert.deepEqual(result?.companions, [{
    role: "gvproxy0",
    argv: [
      ...[PROGRAM, "-listen", `unix://${api}`, "-listen-qemu", `unix://${path}`],
      ...["-ssh-port", "-1"],
    ],
    env: {},
    logPath: `${DIRS.data}/gvproxy0.log`,
    links: [],
    ready: { paths: [api, path], timeoutMs: 15_000 },
  }]);
});

Deno.test("attach() plans a datagram socket for what takes no other, or likes it better", async () => {
  await assert.rejects(attach({ accepts: ["vz-nat"] }), {
    code: "usage",
    message: 'network "default": the backend takes no socket of gvproxy\'s',
  });
  const result = await attach({ accepts: ["vz-nat", "dgram-path", "stream-path"] });
  const path = `${DIRS.run}/gv0.sock`;
  assert.deepEqual(result?.attachment, { kind: "dgram-path", path });
  assert.deepEqual(result?.companions[0]?.argv.slice(3, 5), [
    "-listen-vfkit",
    `unixgram://${path}`,
  ]);
});

Deno.test("attach() joins the card's forwards and the network's; the card's come first", async () => {
  const own: PortForward = {
    protocol: "tcp",
    hostAddress: "127.0.0.1",
    hostPort: 23_801,
    guestPort: 81,
  };
  const result = await attach({
    nic: { ...sampleNic(), forwards: [own] },
    settings: { forward: ["127.0.0.1:23801:80", "23802:53/udp"], ssh_ports: "23810-23850" },
  });
  const { sshPort, forwards } = result?.state ?? {};
  assert.deepEqual(forwards, [
    { protocol: "tcp", hostAddress: "127.0.0.1", hostPort: sshPort, guestPort: 22 },
    own,
    { protocol: "udp", hostAddress: "127.0.0.1", hostPort: 23_802, guestPort: 53 },
  ]);
  assert.deepEqual(await gvproxy.address(realHost(), sampleNic(), result?.state ?? {}), {
    ssh: { host: "127.0.0.1", port: sshPort },
  });
});

Deno.test("attach() knows which address gvproxy gives to which MAC", async () => {
  const of = async (mac: string) =>
    (await attach({ nic: { ...sampleNic(), mac } }))?.state["guestAddress"];
  assert.equal(await of("52:54:00:12:34:00"), "192.168.127.3");
  assert.equal(await of("5a:94:ef:e4:0c:ee"), "192.168.127.2");
});

Deno.test("attach() removes sockets that a killed gvproxy left, but not in a dry run", async () => {
  const run = await Deno.makeTempDir();
  try {
    const sockets = [`${run}/gv0.sock`, `${run}/gv0-api.sock`];
    for (const path of sockets) await Deno.writeTextFile(path, "");
    await attach({ more: { dirs: { data: run, run }, dryRun: true } });
    for (const path of sockets) await Deno.stat(path);
    await attach({ more: { dirs: { data: run, run } } });
    assert.deepEqual([...Deno.readDirSync(run)], []);
  } finally {
    await Deno.remove(run, { recursive: true });
  }
});

Deno.test("attach() and check() say how gvproxy is installed where it is missing", async () => {
  for (
    const [os, line] of [["linux", /apt install gvproxy/], ["darwin", /brew install/]] as const
  ) {
    const host: Host = { ...bareHost(), os };
    const more = { settings: gvproxySettings.read({}) };
    await assert.rejects(attach({ host, more }), {
      code: "host-lacks",
      message: "gvproxy: program not found",
      hint: line,
    });
    const [finding] = await gvproxy.check(host, {});
    assert.equal(finding?.level, "error");
    assert.match(finding?.fix ?? "", line);
  }
});

Deno.test("attach() finds the copy that Podman has", async () => {
  const path = "/usr/libexec/podman/gvproxy";
  const host: Host = { ...bareHost(), which: (program) => program === path ? path : undefined };
  const result = await attach({ host, more: { settings: gvproxySettings.read({}) } });
  assert.equal(result?.companions[0]?.argv[0], path);
});

Deno.test("detach() ends a gvproxy whose pid was never written down, and no other", async () => {
  const run = await Deno.makeTempDir();
  // Two programs with the arguments that tell the gvproxy of one card from others.
  const children = ["gv0", "gv1"].map((name) =>
    new Deno.Command("sh", {
      args: ["-c", "read line", "sh", `unix://${run}/${name}-api.sock`],
      stdin: "piped",
    }).spawn()
  );
  try {
    // Right after the fork they have still the command line of this process.
    await waitFor("both", () => processesNaming(run).length === 2);
    const state = (await attach({ more: { dirs: { data: run, run } } }))?.state ?? {};
    await gvproxy.detach(realHost(), state);
    assert.equal((await children[0]?.status)?.signal, "SIGTERM");
    children[1]?.kill("SIGTERM"); // throws unless it still runs
  } finally {
    for (const child of children) {
      try {
        child.kill("SIGKILL");
      } catch { /* it has ended */ }
      await child.status;
      await child.stdin.close().catch(() => {/* nobody reads it any more */});
    }
    await Deno.remove(run, { recursive: true });
  }
});

for (const forward of [["80"], ["0:80"], ["1:2", "x:1:2"], ["1:2/sctp"]]) {
  Deno.test(`the settings refuse the forwards ${forward.join(" and ")}`, () => {
    const result = gvproxySettings.parse({ forward });
    assert.ok("issues" in result && result.issues[0]?.path[0] === "forward");
  });
}
