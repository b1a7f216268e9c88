import assert from "node:assert/strict";
import nat from "../../network/nat/mod.ts";
import none from "../../network/none/mod.ts";
import { realHost } from "../../host/host.ts";
import type { AttachResult, NetworkProvider } from "../../plugins/contract.ts";
import { assertSeen, caught } from "./faults.ts";
import { networkChecks } from "./network.ts";
import { toyProcess } from "./toy_backend.ts";

const networkFixture = {
  host: realHost(),
  settings: {},
  freePort() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    return listener.addr.port;
  },
};
const network = (fault: Partial<NetworkProvider>) =>
  networkChecks({ ...nat, ...fault }, networkFixture);
const attachWith = (change: (result: AttachResult) => Partial<AttachResult>) =>
  network({
    async attach(request) {
      const result = await nat.attach(request);
      return result && { ...result, ...change(result) };
    },
  });

caught(
  "an attachment that was not promised",
  "attach() gives what it promised and what the backend takes, as plain data",
  () => attachWith(() => ({ attachment: { kind: "tap", interface: "tap0" } })),
);
caught(
  "state that JSON does not carry",
  "attach() gives what it promised and what the backend takes, as plain data",
  () => attachWith(() => ({ state: { at: new Date() as unknown as string } })),
);
caught(
  "a companion on a link that does not exist",
  "attach() names each companion and link once, and uses the links it names",
  () =>
    attachWith(() => ({
      companions: [{ ...toyProcess, role: "helper", links: [{ link: "nowhere", fd: 3 }] }],
    })),
);
caught(
  "an address that changes with every start",
  "attach() again gives the same, so that a restart changes nothing for the guest",
  () =>
    attachWith(() => ({
      attachment: { kind: "user", forwards: [], guestCidr: `10.0.${Math.random()}.0/24` },
    })),
);
caught(
  "two machines on one port",
  "attach() of two machines at once gives them no port of this computer in common",
  () =>
    network({
      attach: (request) =>
        nat.attach({
          ...request,
          reservations: { reserve: (_, [first]: Iterable<string>) => first ?? "" },
        }),
    }),
);
caught(
  "a provider that plugs in where nothing fits",
  "attach() refuses a backend that takes none of its kinds",
  () => network({ attach: (request) => nat.attach({ ...request, accepts: ["user"] }) }),
);
caught(
  "an interrupt that is not heard",
  "attach() that is interrupted rejects with the reason",
  () =>
    network({
      attach: (request) => nat.attach({ ...request, signal: new AbortController().signal }),
    }),
);
caught(
  "forwards that are lost",
  "attach() passes the user's forwards on",
  () => network({ attach: (r) => nat.attach({ ...r, nic: { ...r.nic, forwards: [] } }) }),
);
caught(
  "a port that is not tried",
  "attach() refuses a forward of a port that another program has, naming it",
  () =>
    network({
      attach: (request) => {
        const { reserve } = request.reservations;
        const reservations = {
          reserve: (kind: string, all: Iterable<string>) => reserve(kind, all, () => true),
        };
        return nat.attach({ ...request, reservations });
      },
    }),
);
for (const refused of ["another program has", "another machine has"]) {
  caught(
    `a dry run that does not ask for ports that ${refused}`,
    `attach() refuses a forward of a port that ${refused}, naming it`,
    () =>
      network({
        attach: (r) => nat.attach(r.dryRun ? { ...r, nic: { ...r.nic, forwards: [] } } : r),
      }),
  );
}
Deno.test("the suite sees a dry run that listens", async () => {
  const held: Deno.Listener[] = [];
  const greedy = network({
    attach(request) {
      const [forward] = request.nic.forwards;
      if (request.dryRun && forward !== undefined) {
        held.push(Deno.listen({ hostname: "127.0.0.1", port: forward.hostPort }));
        return nat.attach({ ...request, nic: { ...request.nic, forwards: [] } });
      }
      return nat.attach(request);
    },
  });
  try {
    await assertSeen(
      "attach() in a dry run answers what would be attached, and listens on no port",
      greedy,
    );
    assert.equal(held.length, 1);
  } finally {
    for (const listener of held) listener.close();
  }
});
caught(
  "a detach that needs memory of the attach",
  "detach() works from stored state alone, twice, and after nothing was attached",
  () =>
    network({
      detach: (_host, state) =>
        "sshPort" in state ? Promise.resolve() : Promise.reject(new Error("never attached")),
    }),
);
caught(
  "an address of nothing",
  "address() is undefined for a NIC that was never attached",
  () => network({ address: () => Promise.resolve({ ip: "10.0.2.15" }) }),
);
caught(
  "a provider without a card that gives one",
  "attach() gives no card, and detach() and address() know it",
  () => networkChecks({ ...none, attach: nat.attach }, networkFixture),
);
