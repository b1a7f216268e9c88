import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import type { AttachRequest, Host } from "../../plugins/contract.ts";
import {
  DIRS,
  HomeReservations,
  sampleMachine,
  sampleNic,
} from "../../tests/conformance/samples.ts";
import { findInArp } from "./arp.ts";
import { checkAppleNat, isBlocked, isFirewallOn, isServiceDisabled } from "./apple_check.ts";
import nat from "./mod.ts";

const NIC = { ...sampleNic(), mac: "52:54:00:aa:0b:01" };

function request(parts: Partial<AttachRequest> = {}): AttachRequest {
  return {
    host: realHost(),
    machine: { ...sampleMachine("efi"), nics: [NIC] },
    nic: NIC,
    settings: {},
    dirs: DIRS,
    accepts: ["vz-nat", "dgram-fd"],
    reservations: new HomeReservations().of("one"),
    previous: undefined,
    dryRun: false,
    record: () => {},
    signal: new AbortController().signal,
    ...parts,
  };
}

/** A computer whose programs print what the test says, by the first words of their command. */
function hostThatPrints(outputs: Record<string, string>, os: Host["os"] = "darwin"): Host {
  return {
    ...realHost(),
    os,
    which: (program) => program,
    now: () => new Date(1_700_000_000_000),
    run: (argv) => {
      const found = Object.entries(outputs).find(([start]) => argv.join(" ").startsWith(start));
      assert.ok(found, `unexpected: ${argv.join(" ")}`);
      return Promise.resolve({ code: 0, stdout: found[1], stderr: "" });
    },
  };
}

const LEASE = `{
	name=sample
	ip_address=192.168.64.5
	hw_address=1,52:54:0:aa:b:1
	identifier=1,52:54:0:aa:b:1
	lease=0x7fffffff
}
`;
const ARP = `? (192.168.64.1) at (incomplete) on bridge100 ifscope [bridge]
? (192.168.64.8) at 52:54:0:aa:b:1 on bridge100 ifscope [bridge]
? (224.0.0.251) at 1:0:5e:0:0:fb on en0 ifscope permanent [ethernet]
`;

Deno.test("attach() plugs into Apple's NAT where the backend has it, and keeps nothing taken", async () => {
  const leases = "/nowhere/leases";
  assert.deepEqual(await nat.attach(request({ settings: { leases_file: leases } })), {
    attachment: { kind: "vz-nat" },
    state: { mac: NIC.mac, name: "sample", leasesPath: leases },
    companions: [],
    links: [],
  });
});

Deno.test("attach() prefers the network that forwards ports", async () => {
  const result = await nat.attach(request({ accepts: ["vz-nat", "user"] }));
  assert.equal(result?.attachment.kind, "user");
});

Deno.test("attach() refuses what Apple's NAT has not got", async () => {
  const forwards = [
    { protocol: "tcp" as const, hostAddress: "127.0.0.1", hostPort: 8080, guestPort: 80 },
  ];
  await assert.rejects(nat.attach(request({ nic: { ...NIC, forwards } })), {
    code: "usage",
    message: 'network "default": Apple\'s NAT does not forward ports',
  });
  await assert.rejects(nat.attach(request({ settings: { subnet: "10.9.0.0/24" } })), {
    code: "usage",
    message: /the same subnet for all machines/,
  });
});

Deno.test("address() follows the file of leases, and asks the neighbours without one", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const leasesPath = `${folder}/leases`;
    const state = { mac: NIC.mac, name: "sample", leasesPath };
    const silent = hostThatPrints({ "/usr/sbin/arp -an": "" });
    assert.equal(await nat.address(silent, NIC, state), undefined, "before the first lease");
    const neighbours = hostThatPrints({ "/usr/sbin/arp -an": ARP });
    assert.deepEqual(await nat.address(neighbours, NIC, state), {
      ip: "192.168.64.8",
      ssh: { host: "192.168.64.8", port: 22 },
    });
    await Deno.writeTextFile(`${leasesPath}.new`, LEASE);
    await Deno.rename(`${leasesPath}.new`, leasesPath);
    assert.deepEqual(await nat.address(neighbours, NIC, state), {
      ip: "192.168.64.5",
      ssh: { host: "192.168.64.5", port: 22 },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("findInArp() passes over incomplete lines and other addresses", () => {
  assert.equal(findInArp(ARP, NIC.mac), "192.168.64.8");
  assert.equal(findInArp(ARP, "01:00:5e:00:00:fb"), "224.0.0.251");
  assert.equal(findInArp(ARP, "52:54:00:aa:0b:02"), undefined);
  assert.equal(findInArp(ARP, "nonsense"), undefined);
});

Deno.test("isServiceDisabled() reads launchd's list of both spellings", () => {
  const list = (word: string) =>
    `\n\tdisabled services = {\n\t\t"com.apple.ftpd" => disabled\n\t\t"com.apple.bootpd" => ${word}\n\t}\n`;
  assert.equal(isServiceDisabled(list("disabled"), "com.apple.bootpd"), true);
  assert.equal(isServiceDisabled(list("true"), "com.apple.bootpd"), true);
  assert.equal(isServiceDisabled(list("enabled"), "com.apple.bootpd"), false);
  assert.equal(isServiceDisabled(list("false"), "com.apple.bootpd"), false);
  assert.equal(isServiceDisabled("", "com.apple.bootpd"), false);
});

Deno.test("isFirewallOn() and isBlocked() read what the firewall prints", () => {
  assert.equal(isFirewallOn("Firewall is enabled. (State = 1)\n"), true);
  assert.equal(isFirewallOn("Firewall is enabled. (State = 2)\n"), true);
  assert.equal(isFirewallOn("Firewall is disabled. (State = 0)\n"), false);
  assert.equal(isBlocked("Incoming connection to the application is blocked \n"), true);
  assert.equal(isBlocked("Incoming connection to the application is permitted \n"), false);
  assert.equal(isBlocked("The application is not part of the firewall \n"), false);
});

Deno.test("checkAppleNat() says what keeps guests without an address, with the line that mends it", async () => {
  const firewall = "/usr/libexec/ApplicationFirewall/socketfilterfw";
  const on = {
    "launchctl print-disabled system": "",
    [`${firewall} --getglobalstate`]: "Firewall is enabled. (State = 1)\n",
  };
  const blocked = { [`${firewall} --getappblocked`]: "The application is blocked\n" };
  const [error] = await checkAppleNat(hostThatPrints({ ...on, ...blocked }));
  assert.equal(error?.level, "error");
  assert.match(error?.fix ?? "", /--unblock \/usr\/libexec\/bootpd$/);
  const open = { [`${firewall} --getappblocked`]: "The application is permitted\n" };
  assert.equal((await checkAppleNat(hostThatPrints({ ...on, ...open })))[0]?.level, "ok");
  const disabled = { "launchctl print-disabled system": '\t"com.apple.bootpd" => disabled\n' };
  assert.equal(
    (await checkAppleNat(hostThatPrints(disabled)))[0]?.fix,
    "sudo launchctl enable system/com.apple.bootpd",
  );
});
