/**
 * What a card with `nat` is plugged into: QEMU's user network, which the host cannot reach. Its
 * lease therefore names a loopback address on which the guest's ports answer, so that whoever looks
 * for the guest's address finds one that works.
 */
import type { NetDevice } from "../devices/device.ts";
import type { StandInOptions } from "../environment.ts";
import { StandInError } from "../../mac_lib/error.ts";
import { readDhcpRequest } from "../../mac_lib/dhcp.ts";
import { framesOf } from "../../mac_lib/frames.ts";
import { writeLease } from "../../mac_lib/leases.ts";

/** QEMU's side of the network. */
export interface NatPort {
  /** Of `-netdev user`. */
  options: string;
  /** Arguments that show us what the guest sends. */
  mirror(netdev: string): string[];
}

/** The guest sees what it would see on a Mac. */
const NETWORK = "net=192.168.64.0/24,host=192.168.64.1,dns=192.168.64.3,ipv6=off";
const FIRST_GUEST = 15;

/** How many addresses are tried; others may have taken some. */
const TRIES = 64;

/** @param index of the card among those with `nat` */
export async function openNatPort(
  net: NetDevice,
  index: number,
  options: StandInOptions,
): Promise<NatPort> {
  const start = `dhcpstart=192.168.64.${FIRST_GUEST + index}`;
  const { leasesPath, natPorts } = options;
  if (leasesPath === undefined) {
    return { options: `${NETWORK},${start}`, mirror: () => [] };
  }
  const address = await freeAddress(`${leasesPath} ${net.mac ?? crypto.randomUUID()}`, natPorts);
  const forwards = natPorts.map((port) => `hostfwd=tcp:${address}:${port}-:${port}`);
  const tap = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const watch = async () => {
    const connection = await tap.accept();
    tap.close();
    for await (const frame of framesOf(connection.readable)) {
      const request = readDhcpRequest(frame);
      if (request !== undefined) {
        await writeLease(leasesPath, { ...request, address }, options.mac.macosVersion);
      }
    }
  };
  // The connection ends with QEMU.
  watch().catch(() => {});
  return {
    options: [NETWORK, start, ...forwards].join(","),
    mirror: (netdev) => [
      ...["-chardev", `socket,id=${netdev}-mirror,host=127.0.0.1,port=${tap.addr.port}`],
      "-object",
      `filter-mirror,id=${netdev}-filter,netdev=${netdev},queue=rx,outdev=${netdev}-mirror`,
    ],
  };
}

/** The same address for the same guest, unless somebody has taken it. */
async function freeAddress(key: string, ports: readonly number[]): Promise<string> {
  const bytes = new TextEncoder().encode(key);
  const hash = new DataView(await crypto.subtle.digest("SHA-256", bytes));
  for (let i = 0; i < TRIES; i++) {
    // 127.64.0.0/10, without the addresses that end in 0 and 255.
    const number = (hash.getUint32(0) + i) >>> 0;
    const octets = [64 + (number >>> 26), (number >>> 16) & 0xff, 1 + (number % 254)];
    const address = `127.${octets.join(".")}`;
    if (ports.every((port) => isFree(address, port))) return address;
  }
  throw new StandInError(`nat: no loopback address has its ports ${ports.join(", ")} free`);
}

function isFree(hostname: string, port: number): boolean {
  try {
    Deno.listen({ hostname, port }).close();
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw new StandInError(
      `nat: cannot listen on ${hostname}:${port}: ${error}; ports below 1024 need root, or ` +
        "sysctl net.ipv4.ip_unprivileged_port_start=22",
    );
  }
}
