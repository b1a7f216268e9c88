/** The objects of a machine that the framework has made: all that a guest is run with. */
import type { NetDevice, SerialDevice, VsockDevice } from "../devices/device.ts";
import { setCloseOnExec } from "../libc.ts";

/** A pseudo terminal; both ends stay open for as long as the machine is. */
export interface Pty {
  master: number;
  slave: number;
  path: string;
}

/** What was made. */
export interface Hardware {
  /** In the order of the command line. */
  ptys: Map<SerialDevice, Pty>;
  /** Datagram sockets of cards, inherited by the guest's program. */
  netSockets: Map<NetDevice, number>;
  /** Open files whose locks say that a disk is in use. */
  locks: Deno.FsFile[];
  /** vsock endpoints: they share one device, which is the first one's. */
  vsocks: VsockDevice[];
}

export function noHardware(): Hardware {
  return { ptys: new Map(), netSockets: new Map(), locks: [], vsocks: [] };
}

/**
 * Descriptors that this process was started with and that the guest's program is not to have: a
 * lock that a caller holds through us must end with us.
 */
export function keepFromGuest(inherited: readonly number[], hardware: Hardware): void {
  const wanted = new Set(hardware.netSockets.values());
  for (const fd of inherited) if (!wanted.has(fd)) setCloseOnExec(fd);
}
