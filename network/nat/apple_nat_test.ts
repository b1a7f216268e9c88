import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import type { AttachRequest } from "../../plugins/contract.ts";
import {
  DIRS,
  HomeReservations,
  sampleMachine,
  sampleNic,
} from "../../tests/conformance/samples.ts";
import { hostThatPrints } from "../../tests/support/printing_host.ts";
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
