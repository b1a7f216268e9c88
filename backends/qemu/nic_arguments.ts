import { CocoonError } from "../../errors/error.ts";
import { join } from "../../host/path.ts";
import type { Attachment, Nic, PlanRequest, PortForward } from "../../plugins/contract.ts";
import { option, type OptionValues } from "./option.ts";
import { SLOTS, slotText } from "./slots.ts";
import { isAtLeast, type Version, versionText } from "./version.ts";

/** First descriptor that a hypervisor's links get. */
const FIRST_LINK_FD = 3;

/** First QEMU with the `stream` and `dgram` network back ends. */
const SOCKET_NETDEVS: Version = [7, 2, 0];

/** What a machine's cards come to. */
export interface NicPlan {
  argv: string[];
  /** Link ends that QEMU inherits. */
  links: { link: string; fd: number }[];
  /** The network namespace that QEMU must run in. */
  namespacePath?: string;
}

/**
 * A machine's cards with their attachments.
 * @throws {CocoonError} `usage` or `host-lacks` for an attachment that QEMU can't make
 */
export function planNics(request: PlanRequest, version: Version): NicPlan {
  const argv: string[] = [];
  const links: NicPlan["links"] = [];
  const namespaces = new Set<string | undefined>();
  request.machine.nics.forEach((nic, i) => {
    const attachment = request.attachments[i];
    if (attachment === undefined) throw new TypeError(`NIC ${i} has no attachment`);
    const id = `nic${nic.index}`;
    const fd = FIRST_LINK_FD + links.length;
    if (attachment.kind === "dgram-fd") links.push({ link: attachment.link, fd });
    argv.push("-netdev", netdev(id, nic, attachment, fd, request.dirs.run, version));
    argv.push("-device", card(id, nic, request.machine.tuning?.netQueueSize));
    namespaces.add(attachment.kind === "tap" ? attachment.namespacePath : undefined);
  });
  const [namespacePath, ...others] = namespaces;
  if (others.length > 0) {
    throw new CocoonError(
      "usage",
      `machine "${request.machine.name}": its NICs are in different network namespaces, ` +
        "but qemu runs in one",
      { hint: "attach all NICs of the machine to networks of the same provider" },
    );
  }
  return { argv, links, ...(namespacePath === undefined ? {} : { namespacePath }) };
}

/** The card itself. An empty `romfile` leaves out the PXE firmware, which nothing boots from. */
function card(id: string, nic: Nic, queueSize: number | undefined): string {
  return option("virtio-net-pci", {
    id: `${id}-device`,
    netdev: id,
    mac: nic.mac,
    romfile: "",
    addr: slotText(SLOTS.firstNic + nic.index),
    rx_queue_size: queueSize,
  });
}

function netdev(
  id: string,
  nic: Nic,
  attachment: Attachment,
  fd: number,
  runDirectory: string,
  version: Version,
): string {
  const needsSocketNetdev = (values: OptionValues, kind: string) => {
    if (isAtLeast(version, SOCKET_NETDEVS)) return option(kind, { id, ...values });
    throw new CocoonError(
      "host-lacks",
      `network "${nic.network}": qemu ${versionText(version)} has no ${kind} sockets, ` +
        `needed is ${versionText(SOCKET_NETDEVS)} or newer`,
      { hint: "upgrade QEMU, or use the network provider nat" },
    );
  };
  switch (attachment.kind) {
    case "user":
      return [
        option("user", { id, net: attachment.guestCidr }),
        ...attachment.forwards.map((forward) => `hostfwd=${hostForward(nic, forward)}`),
      ].join(",");
    case "tap":
      return option("tap", {
        id,
        ifname: attachment.interface,
        // QEMU's own scripts would need root and are not ours; the interface is ready.
        script: "no",
        downscript: "no",
      });
    case "stream-path":
      return needsSocketNetdev(
        { server: false, "addr.type": "unix", "addr.path": attachment.path },
        "stream",
      );
    case "dgram-path":
      return needsSocketNetdev({
        "local.type": "unix",
        "local.path": join(runDirectory, `${id}.sock`),
        "remote.type": "unix",
        "remote.path": attachment.path,
      }, "dgram");
    case "dgram-fd":
      return needsSocketNetdev({ "local.type": "fd", "local.str": fd }, "dgram");
    case "dgram-path-offload":
      throw new CocoonError("usage", `network "${nic.network}": qemu can't offload over a socket`, {
        hint: "turn `offload` of the network off, or use the backend krunkit",
      });
    case "vz-nat":
      throw new CocoonError("usage", `network "${nic.network}": qemu can't attach to vz-nat`, {
        hint: "use the network provider nat, which gives qemu its own kind of NAT",
      });
  }
}

/** libslirp's grammar knows no IPv6 listeners in `hostfwd` (QEMU's docs, "-netdev user"). */
function hostForward(nic: Nic, forward: PortForward): string {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(forward.hostAddress)) {
    throw new CocoonError(
      "usage",
      `network "${nic.network}": cannot forward from "${forward.hostAddress}": ` +
        "qemu listens on IPv4 addresses only",
      { hint: "use 127.0.0.1, or 0.0.0.0 for every address" },
    );
  }
  const { protocol, hostAddress, hostPort, guestPort } = forward;
  return `${protocol}:${hostAddress}:${hostPort}-:${guestPort}`;
}
