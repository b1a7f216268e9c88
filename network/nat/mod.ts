/**
 * Network provider `nat`: the NAT inside the hypervisor. Needs no privilege and no helper; the
 * guest reaches out. Of a hypervisor with a user-mode network, the guest is reached through ports of
 * this computer; behind Apple's NAT it has an address that this computer reaches.
 */
import { CocoonError } from "../../errors/error.ts";
import type {
  AttachRequest,
  AttachResult,
  Finding,
  JsonObject,
  NetworkProvider,
  PortForward,
  Reservations,
} from "../../plugins/contract.ts";
import { natSettings, parsePortRange } from "./settings.ts";
import { type PortObstacle, portObstacle } from "./ports.ts";

const LOOPBACK = "127.0.0.1";

const provider: NetworkProvider = {
  kind: "network",
  name: "nat",
  summary: "outgoing connections, and SSH from this computer",
  settingsSchema: natSettings,
  // Which of the two there is, is the hypervisor's business.
  attachmentKinds: () => ["user", "vz-nat"],
  forwardsPorts: true,
  forwardingKinds: ["user"],
  async check(host, settings) {
    const { checkAppleNat } = await import("./apple_check.ts");
    return [...checkPorts(settings), ...(host.os === "darwin" ? await checkAppleNat(host) : [])];
  },
  attach,
  // The ports belong to the machine until it is removed, and only the hypervisor held them open.
  detach: () => Promise.resolve(),
  async address(host, _nic, state) {
    const port = state["sshPort"];
    if (typeof port === "number") return { ssh: { host: LOOPBACK, port } };
    const { appleNatAddress, readAppleNatState } = await import("./apple_nat.ts");
    const apple = readAppleNatState(state);
    return apple === undefined ? undefined : await appleNatAddress(host, apple);
  },
};

export default provider;

async function attach(request: AttachRequest): Promise<AttachResult> {
  const { nic, accepts, signal } = request;
  signal.throwIfAborted();
  if (accepts.includes("user")) return attachUser(request);
  if (!accepts.includes("vz-nat")) {
    throw new CocoonError("usage", `network "${nic.network}": the backend has no NAT of its own`, {
      hint: "Choose another backend or another network provider.",
    });
  }
  const { attachAppleNat } = await import("./apple_nat.ts");
  return attachAppleNat(request);
}

function attachUser({ nic, settings, reservations }: AttachRequest): AttachResult {
  for (const forward of nic.forwards) reserveForward(forward, nic.network, reservations);
  const sshPort = reserveSshPort(sshPortRange(settings), nic.forwards, reservations);
  const { subnet } = natSettings.read(settings);
  const forwards: PortForward[] = [
    { protocol: "tcp", hostAddress: LOOPBACK, hostPort: sshPort, guestPort: 22 },
    ...nic.forwards.map((forward) => ({ ...forward })),
  ];
  return {
    attachment: {
      kind: "user" as const,
      forwards,
      ...(subnet === undefined ? {} : { guestCidr: subnet }),
    },
    state: { sshPort },
    companions: [],
    links: [],
  };
}

/** Whether a port is left for another machine's SSH. */
function checkPorts(settings: JsonObject): Finding[] {
  const { first, last } = sshPortRange(settings);
  const subject = "network nat";
  for (let port = first; port <= last; port++) {
    if (portObstacle("tcp", LOOPBACK, port) !== undefined) continue;
    const message = `ports ${first}-${last} of ${LOOPBACK} lead to the machines`;
    return [{ level: "ok", subject, message }];
  }
  const message = `no port from ${first} to ${last} of ${LOOPBACK} can be listened on`;
  const fix = "set ssh_ports of the network to a range from 1024 to 65535 that is not in use";
  return [{ level: "error", subject, message, fix }];
}

function sshPortRange(settings: JsonObject): { first: number; last: number } {
  const range = parsePortRange(natSettings.read(settings).ssh_ports);
  if (range === undefined) throw new TypeError("read() has accepted a wrong port range");
  return range;
}

/** One name for each namespace of ports: TCP and UDP have their own. */
function reservationKind(protocol: "tcp" | "udp"): string {
  return protocol === "tcp" ? "host-port" : "host-port-udp";
}

function reserveSshPort(
  { first, last }: { first: number; last: number },
  forwards: readonly PortForward[],
  reservations: Reservations,
): number {
  // A forward of the user's own may lie in the range, and is this NIC's already.
  const own = new Set(forwards.filter((f) => f.protocol === "tcp").map((f) => f.hostPort));
  const candidates: string[] = [];
  for (let port = first; port <= last; port++) if (!own.has(port)) candidates.push(String(port));
  try {
    return Number(
      reservations.reserve(
        reservationKind("tcp"),
        candidates,
        (value) => portObstacle("tcp", LOOPBACK, Number(value)) === undefined,
      ),
    );
  } catch (cause) {
    if (!(cause instanceof CocoonError && cause.code === "conflict")) throw cause;
    throw new CocoonError("conflict", `no free port for SSH from ${first} to ${last}`, {
      hint: "Remove machines that are no longer used, or set a wider range as ssh_ports.",
      cause,
    });
  }
}

function reserveForward(forward: PortForward, network: string, reservations: Reservations): void {
  const { protocol, hostAddress, hostPort, guestPort } = forward;
  let obstacle: PortObstacle | undefined;
  const usable = () => {
    obstacle = portObstacle(protocol, hostAddress, hostPort);
    return obstacle === undefined;
  };
  try {
    reservations.reserve(reservationKind(protocol), [String(hostPort)], usable);
  } catch (cause) {
    if (!(cause instanceof CocoonError && cause.code === "conflict")) throw cause;
    const subject = `network "${network}": port ${hostAddress}:${hostPort}/${protocol}`;
    const otherwise = `or forward another port to the guest's port ${guestPort}`;
    switch (obstacle) {
      case "taken":
        throw new CocoonError("conflict", `${subject} is in use by another program`, {
          hint: `Stop that program, ${otherwise}.`,
          cause,
        });
      case "denied":
        throw new CocoonError("host-lacks", `${subject} needs a privilege that you do not have`, {
          hint: `Choose a port from 1024: ${otherwise.slice("or ".length)}.`,
          cause,
        });
      case "no-such-address":
        throw new CocoonError("usage", `${subject}: this computer does not have that address`, {
          hint: `Forward from ${LOOPBACK}, or from an address of this computer.`,
          cause,
        });
      case undefined: // nobody was asked: the store knows another machine that has it
        throw new CocoonError("conflict", `${subject} belongs to another machine or card`, {
          hint: `Remove what has it, ${otherwise}.`,
          cause,
        });
    }
  }
}
