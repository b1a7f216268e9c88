import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import { realHost } from "../../host/host.ts";
import type { AttachRequest, JsonObject, Nic, PortForward } from "../../plugins/contract.ts";
import {
  DIRS,
  HomeReservations,
  sampleMachine,
  sampleNic,
} from "../../tests/conformance/samples.ts";
import nat from "./mod.ts";
import { natSettings } from "./settings.ts";

const host = realHost();

function attach(
  { home = new HomeReservations(), owner = "one", settings = {}, forwards = [] }: {
    home?: HomeReservations;
    owner?: string;
    settings?: JsonObject;
    forwards?: PortForward[];
  },
) {
  const nic: Nic = { ...sampleNic(), forwards };
  const request: AttachRequest = {
    host,
    machine: { ...sampleMachine("efi"), nics: [nic] },
    nic,
    settings,
    dirs: DIRS,
    accepts: ["user"],
    reservations: home.of(owner),
    previous: undefined,
    dryRun: false,
    record: () => {},
    signal: new AbortController().signal,
  };
  return nat.attach(request);
}

function forward(hostPort: number, more: Partial<PortForward> = {}): PortForward {
  return { protocol: "tcp", hostAddress: "127.0.0.1", hostPort, guestPort: 80, ...more };
}

/** Two neighbouring ports that are free; the first one is `listener`'s when it is handed on. */
async function withTwoPorts(
  body: (first: number, second: number, taken: () => Disposable) => Promise<void>,
): Promise<void> {
  for (let port = 21_000; port < 21_900; port += 2) {
    try {
      for (const p of [port, port + 1]) Deno.listen({ hostname: "127.0.0.1", port: p }).close();
    } catch {
      continue;
    }
    return await body(port, port + 1, () => Deno.listen({ hostname: "127.0.0.1", port }));
  }
  assert.fail("no two free ports from 21000");
}

Deno.test("attach() forwards the first free port of the range to the guest's SSH server", async () => {
  await withTwoPorts(async (first, second, taken) => {
    const settings = { ssh_ports: `${first}-${second}` };
    const result = await attach({ settings });
    assert.deepEqual(result, {
      attachment: { kind: "user", forwards: [forward(first, { guestPort: 22 })] },
      state: { sshPort: first },
      companions: [],
      links: [],
    });
    assert.deepEqual(await nat.address(host, sampleNic(), result?.state ?? {}), {
      ssh: { host: "127.0.0.1", port: first },
    });
    using _other = taken();
    assert.deepEqual((await attach({ settings }))?.state, { sshPort: second });
  });
});

Deno.test("attach() gives a machine another port when its own was taken meanwhile", async () => {
  await withTwoPorts(async (first, second, taken) => {
    const home = new HomeReservations();
    const settings = { ssh_ports: `${first}-${second}` };
    assert.deepEqual((await attach({ home, settings }))?.state, { sshPort: first });
    using _other = taken();
    assert.deepEqual((await attach({ home, settings }))?.state, { sshPort: second });
  });
});

Deno.test("attach() says which range is used up", async () => {
  await withTwoPorts(async (first) => {
    const home = new HomeReservations();
    const settings = { ssh_ports: `${first}-${first}` };
    await attach({ home, owner: "one", settings });
    await assert.rejects(attach({ home, owner: "two", settings }), {
      code: "conflict",
      message: `no free port for SSH from ${first} to ${first}`,
      hint: /ssh_ports/,
    });
  });
});

Deno.test("attach() keeps the user's forwards and does not take their port for SSH", async () => {
  await withTwoPorts(async (first, second) => {
    const home = new HomeReservations();
    const settings = { ssh_ports: `${first}-${second}`, subnet: "192.168.76.0/24" };
    const forwards = [forward(first), forward(53, { protocol: "udp", guestPort: 53 })];
    for (let start = 0; start < 2; start++) {
      const result = await attach({ home, settings, forwards });
      assert.deepEqual(result?.attachment, {
        kind: "user",
        forwards: [forward(second, { guestPort: 22 }), ...forwards],
        guestCidr: "192.168.76.0/24",
      });
    }
  });
});

Deno.test("attach() tells apart who is in the way of a forward", async () => {
  await withTwoPorts(async (first, _second, taken) => {
    const settings = { ssh_ports: "22000-22999" };
    {
      using _other = taken();
      await assert.rejects(attach({ settings, forwards: [forward(first)] }), {
        code: "conflict",
        message: `network "default": port 127.0.0.1:${first}/tcp is in use by another program`,
        hint: "Stop that program, or forward another port to the guest's port 80.",
      });
    }
    const home = new HomeReservations();
    await attach({ home, owner: "one", settings, forwards: [forward(first)] });
    await assert.rejects(
      attach({ home, owner: "two", settings, forwards: [forward(first)] }),
      {
        code: "conflict",
        message:
          `network "default": port 127.0.0.1:${first}/tcp belongs to another machine or card`,
      },
    );
    const elsewhere = forward(first, { hostAddress: "192.0.2.1" }); // RFC 5737: nobody's address
    await assert.rejects(attach({ settings, forwards: [elsewhere] }), {
      code: "usage",
      message: /192\.0\.2\.1:\d+\/tcp: this computer does not have that address$/,
    });
  });
});

Deno.test("attach() lets TCP and UDP forwards have the same number", async () => {
  await withTwoPorts(async (first) => {
    const home = new HomeReservations();
    await attach({ home, owner: "one", forwards: [forward(first)] });
    await attach({ home, owner: "two", forwards: [forward(first, { protocol: "udp" })] });
  });
});

Deno.test("attach() passes on a failure of the store as it is", async () => {
  const failure = new CocoonError("failed", "the store is gone");
  const home = new HomeReservations();
  home.of = () => ({
    reserve: () => {
      throw failure;
    },
  });
  assert.equal(await attach({ home }).catch((error) => error), failure);
  assert.equal(await attach({ home, forwards: [forward(1)] }).catch((error) => error), failure);
});

Deno.test("check() is an error when no port of the range is free", async () => {
  await withTwoPorts(async (first, _second, taken) => {
    using _other = taken();
    const [finding] = await nat.check(host, { ssh_ports: `${first}-${first}` });
    assert.equal(finding?.level, "error");
    assert.match(finding?.fix ?? "", /ssh_ports/);
  });
});

Deno.test("the default range lies below the ports that the system gives to connections", async () => {
  const [, last] = natSettings.read({}).ssh_ports.split("-").map(Number);
  const path = "/proc/sys/net/ipv4/ip_local_port_range";
  const system = await Deno.readTextFile(path).catch(() => "49152 65535"); // macOS has no /proc
  assert.ok((last ?? 0) < Number(system.split(/\s+/)[0]));
});

for (const ssh_ports of ["", "22", "22-", "0-5", "10-9", "1-65536", "1-2-3", " 1-2", "a-b"]) {
  Deno.test(`the settings refuse the port range "${ssh_ports}"`, () => {
    const result = natSettings.parse({ ssh_ports });
    assert.deepEqual(result, {
      issues: [{
        path: ["ssh_ports"],
        message: `must be a port range such as "22000-22999", got ${JSON.stringify(ssh_ports)}`,
      }],
    });
  });
}

for (const subnet of ["10.0.2.1/24", "10.0.2.0", "10.0.2.0/30", "0.0.0.0/0", "10.0.256.0/24"]) {
  Deno.test(`the settings refuse the subnet "${subnet}"`, () => {
    assert.ok("issues" in natSettings.parse({ subnet }));
  });
}
