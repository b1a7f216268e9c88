import { CocoonError } from "../../errors/error.ts";
import type { Attachment, MachineDirs, Nic, PlanRequest } from "../../plugins/contract.ts";
import { option } from "./option.ts";

/** First descriptor that a hypervisor's links get. */
const FIRST_LINK_FD = 3;

/** The longest path of a socket on macOS, with its end (sys/un.h). */
const SOCKET_PATH_BYTES = 104;

/** What a machine's cards come to. */
export interface NicPlan {
  devices: string[];
  /** Link ends that krunkit inherits. */
  links: { link: string; fd: number }[];
}

/**
 * A machine's cards with their attachments.
 * @throws {CocoonError} `usage` for an attachment that krunkit can't make
 */
export function planNics({ machine, attachments, dirs }: PlanRequest): NicPlan {
  const plan: NicPlan = { devices: [], links: [] };
  machine.nics.forEach((nic, i) => {
    const attachment = attachments[i];
    if (attachment === undefined) throw new TypeError(`NIC ${i} has no attachment`);
    plan.devices.push(card(nic, attachment, dirs, plan.links));
  });
  return plan;
}

/**
 * Offloading is off by default: both ends of a network must know of it. The magic packet tells
 * gvproxy, or vmnet-helper, that somebody is there; who else gets it drops it.
 */
function card(
  nic: Nic,
  attachment: Attachment,
  dirs: MachineDirs,
  links: NicPlan["links"],
): string {
  const { mac } = nic;
  switch (attachment.kind) {
    case "dgram-fd": {
      const fd = FIRST_LINK_FD + links.length;
      links.push({ link: attachment.link, fd });
      return option("virtio-net", { type: "unixgram", fd, mac });
    }
    case "dgram-path":
    case "dgram-path-offload": {
      const { path } = attachment;
      checkLocalSockets(path, dirs);
      return option("virtio-net", {
        ...{ type: "unixgram", path, mac },
        ...(attachment.kind === "dgram-path-offload" ? { offloading: "on" } : {}),
        vfkitMagic: "on",
      });
    }
    case "stream-path":
      return option("virtio-net", { type: "unixstream", path: attachment.path, mac });
    default:
      throw new CocoonError(
        "usage",
        `network "${nic.network}": krunkit cannot attach a card by ${attachment.kind}`,
        { hint: "Use a network of vmnet-helper or gvproxy, or another backend." },
      );
  }
}

/**
 * libkrun binds a socket of its own: `PATH-krun.sock` in releases 1.15 to 1.18, and
 * `$TMPDIR/krun-net-PID-N.sock` since 1.19, where the plan makes TMPDIR the run folder.
 */
function checkLocalSockets(path: string, { run }: MachineDirs): void {
  for (const local of [`${path}-krun.sock`, `${run}/krun-net-4294967295-99.sock`]) {
    if (new TextEncoder().encode(local).length < SOCKET_PATH_BYTES) continue;
    throw new CocoonError(
      "usage",
      `${path}: krunkit makes a socket of its own for it, whose path would be too long`,
      { hint: "Set COCOON_HOME to a shorter path." },
    );
  }
}
