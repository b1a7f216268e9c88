import { CocoonError } from "../../errors/error.ts";
import { dirname } from "../../host/path.ts";
import type { Attachment, Nic, PlanRequest } from "../../plugins/contract.ts";
import { device } from "./option.ts";

/** First descriptor that a hypervisor's links get. */
const FIRST_LINK_FD = 3;

/** The longest path of a socket on macOS, with its end (sys/un.h). */
const SOCKET_PATH_BYTES = 104;
/** vfkit binds `vfkit-PID-RANDOM.sock`, both hexadecimal, beside the socket that it connects to. */
const LOCAL_SOCKET_BYTES = "/vfkit-00000000-00000000.sock".length;

/** What a machine's cards come to. */
export interface NicPlan {
  devices: string[];
  /** Link ends that vfkit inherits. */
  links: { link: string; fd: number }[];
}

/**
 * A machine's cards with their attachments.
 * @throws {CocoonError} `usage` for an attachment that vfkit can't make
 */
export function planNics({ machine, attachments }: PlanRequest): NicPlan {
  const plan: NicPlan = { devices: [], links: [] };
  machine.nics.forEach((nic, i) => {
    const attachment = attachments[i];
    if (attachment === undefined) throw new TypeError(`NIC ${i} has no attachment`);
    plan.devices.push(card(nic, attachment, plan.links));
  });
  return plan;
}

/**
 * Without `mac` a card would have another one, and so another DHCP lease, at every start.
 * `unixSocketPath` is understood by every vfkit, `type=unixgram` only since 0.6.2.
 */
function card(nic: Nic, attachment: Attachment, links: NicPlan["links"]): string {
  const { mac } = nic;
  switch (attachment.kind) {
    case "vz-nat":
      return device("virtio-net", { nat: true, mac });
    case "dgram-fd": {
      const fd = FIRST_LINK_FD + links.length;
      links.push({ link: attachment.link, fd });
      return device("virtio-net", { fd, mac });
    }
    case "dgram-path":
      checkLocalSocket(attachment.path);
      return device("virtio-net", { unixSocketPath: attachment.path, mac });
    default:
      throw new CocoonError(
        "usage",
        `network "${nic.network}": vfkit cannot attach a card by ${attachment.kind}`,
        { hint: 'Use the network "nat", or another backend.' },
      );
  }
}

function checkLocalSocket(path: string): void {
  const folder = dirname(path);
  const bytes = new TextEncoder().encode(folder).length + LOCAL_SOCKET_BYTES;
  if (bytes < SOCKET_PATH_BYTES) return;
  throw new CocoonError(
    "usage",
    `${path}: vfkit makes a socket of its own in that folder, whose path would be too long`,
    { hint: "Set COCOON_HOME to a shorter path." },
  );
}
