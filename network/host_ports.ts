/** Ports of this computer that lead into guests: found, and reserved among all machines. */
import { CocoonError } from "../errors/error.ts";
import type { Finding, PortForward, Reservations } from "../plugins/contract.ts";
import { type PortObstacle, portObstacle } from "./port_obstacle.ts";
import { parsePortRange } from "./port_range.ts";

/** Where forwards listen unless the user says otherwise. */
export const LOOPBACK = "127.0.0.1";

/** Whether a port is left for another machine's SSH. */
export function checkSshPorts(subject: string, sshPorts: string): Finding[] {
  const { first, last } = rangeOf(sshPorts);
  for (let port = first; port <= last; port++) {
    if (portObstacle("tcp", LOOPBACK, port) !== undefined) continue;
    const message = `ports ${first}-${last} of ${LOOPBACK} lead to the machines`;
    return [{ level: "ok", subject, message }];
  }
  const message = `no port from ${first} to ${last} of ${LOOPBACK} can be listened on`;
  const fix = "set ssh_ports of the network to a range from 1024 to 65535 that is not in use";
  return [{ level: "error", subject, message, fix }];
}

function rangeOf(sshPorts: string): { first: number; last: number } {
  const range = parsePortRange(sshPorts);
  if (range === undefined) throw new TypeError("the settings have accepted a wrong port range");
  return range;
}

/** One name for each namespace of ports: TCP and UDP have their own. */
function reservationKind(protocol: "tcp" | "udp"): string {
  return protocol === "tcp" ? "host-port" : "host-port-udp";
}

/**
 * The port that leads to the guest's SSH server: the machine's own if it is still free.
 * @param sshPorts the setting of {@linkcode SSH_PORTS}
 * @throws {CocoonError} `conflict` when no port of the range is free
 */
export function reserveSshPort(
  sshPorts: string,
  forwards: readonly PortForward[],
  reservations: Reservations,
): number {
  const { first, last } = rangeOf(sshPorts);
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

/**
 * Takes the port of a forward of the user's.
 * @throws {CocoonError} what is in the way
 */
export function reserveForward(
  forward: PortForward,
  network: string,
  reservations: Reservations,
): void {
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
