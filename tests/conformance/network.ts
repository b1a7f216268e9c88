/** The contract of network providers, as checks. */
import assert from "node:assert/strict";
import type {
  AttachmentKind,
  AttachRequest,
  AttachResult,
  Host,
  JsonObject,
  NetworkProvider,
  Nic,
  PortForward,
} from "../../plugins/contract.ts";
import {
  assertFindings,
  assertJson,
  assertRefused,
  type Check,
  commonChecks,
  deepFreeze,
  parsed,
  withoutIo,
} from "./check.ts";
import { DIRS, HomeReservations, HOSTS, sampleMachine, sampleNic } from "./samples.ts";

/** Where and with what a provider is tried. */
export interface NetworkFixture {
  host: Host;
  /** `[networks.NAME]`, as a user may write it. */
  settings: JsonObject;
  /** A TCP port of this computer that nothing listens on. */
  freePort(): number;
}

const ALL_KINDS: readonly AttachmentKind[] = [
  "user",
  "vz-nat",
  "dgram-fd",
  "dgram-path",
  "dgram-path-offload",
  "stream-path",
  "tap",
];

/** Whether the run is a dry one: what is refused at the start is refused at create, too. */
const BOTH: readonly boolean[] = [true, false];

/** The checks; they need what the provider needs on this computer. */
export function networkChecks(provider: NetworkProvider, fixture: NetworkFixture): Check[] {
  const { host } = fixture;
  const settings = () => deepFreeze(parsed(provider.settingsSchema, fixture.settings));

  const request = (options: Partial<AttachRequest> & { owner?: string } = {}): AttachRequest => {
    const { owner = "machine1", ...rest } = options;
    const nic = rest.nic ?? sampleNic();
    const machine = deepFreeze({ ...sampleMachine("efi", { id: owner }), nics: [nic] });
    return {
      host,
      machine,
      nic: deepFreeze(nic),
      settings: settings(),
      dirs: deepFreeze({ ...DIRS }),
      accepts: [...ALL_KINDS],
      reservations: new HomeReservations().of(owner),
      previous: undefined,
      dryRun: false,
      record: () => {},
      signal: new AbortController().signal,
      ...rest,
    };
  };
  /** Attaches, hands the result to `body` and detaches from the stored state. */
  const attached = async (
    wanted: AttachRequest,
    body: (result: AttachResult) => void | Promise<void>,
  ): Promise<void> => {
    const result = await provider.attach(wanted);
    assert.ok(result, "no attachment");
    try {
      await body(result);
    } finally {
      await provider.detach(host, stored(result.state));
    }
  };

  const always: Check[] = [
    ...commonChecks(provider),
    {
      name: "attachmentKinds() is the same known data every time and looks at nothing",
      run: () => {
        for (const facts of HOSTS.map((f) => deepFreeze({ ...f }))) {
          const kinds = withoutIo(() => provider.attachmentKinds(facts, settings()));
          assertJson(kinds);
          assert.deepEqual(kinds.filter((kind) => !ALL_KINDS.includes(kind)), []);
          assert.equal(new Set(kinds).size, kinds.length, "a kind is named twice");
          assert.deepEqual(provider.attachmentKinds(facts, settings()), kinds);
          if (provider.givesNoCard) assert.deepEqual(kinds, [], "kinds, but it gives no card");
        }
      },
    },
    {
      name: "check() finds something to say",
      run: async () => assertFindings(await provider.check(host, settings())),
    },
    {
      name: "attach() that is interrupted rejects with the reason",
      run: async () => {
        const reason = new Error("interrupted");
        const signal = AbortSignal.abort(reason);
        const error = await provider.attach(request({ signal })).catch((e) => e);
        assert.equal(error, reason);
      },
    },
    {
      name: "address() is undefined for a NIC that was never attached",
      run: async () => {
        assert.equal(await provider.address(host, sampleNic(), {}), undefined);
      },
    },
  ];
  const withCard: Check[] = [
    {
      name: "attach() gives what it promised and what the backend takes, as plain data",
      run: () => {
        const kinds = provider.attachmentKinds(host, settings());
        return attached(request(), ({ attachment, state, companions, links }) => {
          assert.ok(kinds.includes(attachment.kind), `${attachment.kind} was not promised`);
          assertJson({ attachment, state, companions, links });
        });
      },
    },
    {
      name: "attach() names each companion and link once, and uses the links it names",
      run: () =>
        attached(request(), ({ attachment, companions, links }) => {
          const roles = companions.map((companion) => companion.role);
          const known = links.map((link) => link.name);
          assert.equal(new Set(roles).size, roles.length, `roles: ${roles}`);
          assert.ok(!roles.includes("hypervisor"), "the hypervisor is no companion");
          assert.equal(new Set(known).size, known.length, `links: ${known}`);
          for (const { link } of companions.flatMap((companion) => companion.links)) {
            assert.ok(known.includes(link), `unknown link ${link}`);
          }
          if (attachment.kind === "dgram-fd") assert.ok(known.includes(attachment.link));
        }),
    },
    {
      name: "attach() again gives the same, so that a restart changes nothing for the guest",
      run: async () => {
        const reservations = new HomeReservations().of("machine1");
        let first: AttachResult | undefined;
        await attached(request({ reservations }), (result) => void (first = result));
        const previous = stored(first?.state ?? {});
        await attached(request({ reservations, previous }), (second) => {
          // What a provider remembers is its own business.
          assert.deepEqual({ ...second, state: {} }, { ...first, state: {} });
        });
      },
    },
    {
      name: "attach() of two machines at once gives them no port of this computer in common",
      run: async () => {
        const home = new HomeReservations();
        await attached(
          request({ owner: "machine1", reservations: home.of("machine1") }),
          (one) =>
            attached(request({ owner: "machine2", reservations: home.of("machine2") }), (two) => {
              const ports = [...hostPorts(one), ...hostPorts(two)];
              assert.equal(new Set(ports).size, ports.length, ports.join(" "));
            }),
        );
      },
    },
    {
      name: "attach() refuses a backend that takes none of its kinds",
      run: async () => {
        await assertRefused(() => provider.attach(request({ accepts: [] })), ["usage"]);
      },
    },
    {
      name: "detach() works from stored state alone, twice, and after nothing was attached",
      run: async () => {
        await attached(request(), async ({ state }) => {
          const kept = deepFreeze(stored(state));
          await provider.detach(host, kept);
          await provider.detach(host, kept);
        });
        await provider.detach(host, {});
      },
    },
    {
      name: "address() works from stored state alone and gives whole addresses",
      run: () =>
        attached(request(), async ({ state }) => {
          const address = await provider.address(host, sampleNic(), deepFreeze(stored(state)));
          if (address === undefined) return;
          assertJson(address);
          assert.ok(address.ip !== undefined || address.ssh !== undefined, "an empty address");
          if (address.ssh) assert.ok(address.ssh.port > 0 && address.ssh.port < 65536);
        }),
    },
  ];
  const withForwards: Check[] = [
    {
      name: "attach() passes the user's forwards on",
      run: async () => {
        const forward = tcpForward(fixture.freePort());
        await attached(request({ nic: { ...sampleNic(), forwards: [forward] } }), (result) => {
          // Of other kinds the companions forward, each in its own way.
          if (result.attachment.kind !== "user") return;
          assert.ok(hostPorts(result).includes(`tcp ${forward.hostPort}`), "no such forward");
        });
      },
    },
    {
      name: "attach() refuses a forward of a port that another program has, naming it",
      run: async () => {
        using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
        const { port } = listener.addr;
        const nic = { ...sampleNic(), forwards: [tcpForward(port)] };
        for (const dryRun of BOTH) {
          const wanted = request({ nic, dryRun });
          const error = await assertRefused(() => provider.attach(wanted), ["conflict"]);
          assert.match(error.message, new RegExp(`\\b${port}\\b`));
        }
      },
    },
    {
      name: "attach() refuses a forward of a port that another machine has, naming it",
      run: async () => {
        const home = new HomeReservations();
        const port = fixture.freePort();
        const nic: Nic = { ...sampleNic(), forwards: [tcpForward(port)] };
        const of = (owner: string, dryRun = false) =>
          request({ owner, nic, dryRun, reservations: home.of(owner) });
        await attached(of("machine1"), async () => {
          for (const dryRun of BOTH) {
            const wanted = of("machine2", dryRun);
            const error = await assertRefused(() => provider.attach(wanted), ["conflict"]);
            assert.match(error.message, new RegExp(`\\b${port}\\b`));
          }
        });
      },
    },
    {
      name: "attach() in a dry run answers what would be attached, and listens on no port",
      run: async () => {
        const port = fixture.freePort();
        const nic = { ...sampleNic(), forwards: [tcpForward(port)] };
        const reservations = new HomeReservations().of("machine1");
        const dry = await provider.attach(request({ nic, reservations, dryRun: true }));
        Deno.listen({ hostname: "127.0.0.1", port }).close();
        await attached(request({ nic, reservations }), ({ attachment }) => {
          assert.deepEqual(dry?.attachment, attachment);
        });
      },
    },
  ];
  const withoutCard: Check = {
    name: "attach() gives no card, and detach() and address() know it",
    run: async () => {
      assert.equal(await provider.attach(request()), undefined);
      await provider.detach(host, {});
      assert.equal(await provider.address(host, sampleNic(), {}), undefined);
    },
  };
  return [
    ...always,
    ...(provider.givesNoCard ? [withoutCard] : withCard),
    ...(provider.forwardsPorts ? withForwards : []),
  ];
}

/** As the store gives it back. */
function stored(state: JsonObject): JsonObject {
  return JSON.parse(JSON.stringify(state));
}

function tcpForward(hostPort: number): PortForward {
  return { protocol: "tcp", hostAddress: "127.0.0.1", hostPort, guestPort: 80 };
}

function hostPorts({ attachment }: AttachResult): string[] {
  const forwards = attachment.kind === "user" ? attachment.forwards : [];
  return forwards.map((forward) => `${forward.protocol} ${forward.hostPort}`);
}
