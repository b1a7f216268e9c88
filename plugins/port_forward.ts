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

function port(text: string): number | undefined {
  const value = Number(text);
  return /^\d+$/.test(text) && value >= 1 && value <= 65535 ? value : undefined;
}
