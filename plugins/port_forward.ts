import type { PortForward } from "./contract.ts";

const FORWARD =
  /^(?:(\d+\.\d+\.\d+\.\d+|\[[0-9a-fA-F:]+\]|localhost):)?(\d+):(\d+)(?:\/(tcp|udp))?$/;

/**
 * Reads `[ADDRESS:]PORT:GUESTPORT[/udp]`, as `--publish` and tables of networks have it. Without an
 * address, it listens on 127.0.0.1.
 * @throws {RangeError} what was expected
 */
export function parseForward(input: string): PortForward {
  const [, address = "127.0.0.1", host = "", guest = "", protocol = "tcp"] = FORWARD.exec(input) ??
    [];
  const hostPort = port(host);
  const guestPort = port(guest);
  if (hostPort === undefined || guestPort === undefined) {
    throw new RangeError(
      `expected [ADDRESS:]PORT:GUESTPORT[/udp] with ports from 1 to 65535, as in 8080:80, got "${input}"`,
    );
  }
  return {
    protocol: protocol === "udp" ? "udp" : "tcp",
    hostAddress: address === "localhost" ? "127.0.0.1" : address.replace(/^\[|\]$/g, ""),
    hostPort,
    guestPort,
  };
}

/** A forward as the user writes it; without the address that it has when none is given. */
export function forwardText({ protocol, hostAddress, hostPort, guestPort }: PortForward): string {
  const host = hostAddress.includes(":") ? `[${hostAddress}]` : hostAddress;
  const address = hostAddress === "127.0.0.1" ? "" : `${host}:`;
  return `${address}${hostPort}:${guestPort}${protocol === "udp" ? "/udp" : ""}`;
}

/** The first two forwards that would listen on the same port; undefined when there are none. */
export function clashingForwards(
  forwards: readonly PortForward[],
): [PortForward, PortForward] | undefined {
  for (const [index, forward] of forwards.entries()) {
    const earlier = forwards.slice(0, index).find((other) => clash(other, forward));
    if (earlier !== undefined) return [earlier, forward];
  }
  return undefined;
}

/** An address that stands for all of them takes the port on each. */
const EVERY_ADDRESS: readonly string[] = ["0.0.0.0", "::"];

function clash(one: PortForward, other: PortForward): boolean {
  return one.protocol === other.protocol && one.hostPort === other.hostPort &&
    (one.hostAddress === other.hostAddress ||
      EVERY_ADDRESS.includes(one.hostAddress) || EVERY_ADDRESS.includes(other.hostAddress));
}

function port(text: string): number | undefined {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= 1 && value <= 65535 ? value : undefined;
}
