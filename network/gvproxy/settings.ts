/** The keys of `[networks.NAME]` for the provider `gvproxy`. */
import type { JsonObject, PortForward } from "../../plugins/contract.ts";
import { parseForward } from "../../plugins/port_forward.ts";
import { defineSettings } from "../../plugins/settings.ts";
import { SSH_PORTS } from "../port_range.ts";

/** Settings of the provider; `read` gives them with their types. */
export const gvproxySettings = defineSettings({
  ssh_ports: SSH_PORTS,
  forward: {
    type: "string[]",
    default: [],
    check: (value) => {
      try {
        parseForward(value);
        return undefined;
      } catch {
        return 'must be a list of [ADDRESS:]PORT:GUESTPORT[/udp], such as "127.0.0.1:8080:80"';
      }
    },
    description: 'ports that lead into the machine, such as "127.0.0.1:8080:80"',
  },
  program: {
    type: "path",
    description: "the program gvproxy; looked for on PATH and where Podman has it if not set",
  },
});

/**
 * All forwards of a card but the one for SSH: its own, and the network's. One of the card's takes
 * the place of the network's on the same port.
 */
export function forwardsOf(own: readonly PortForward[], settings: JsonObject): PortForward[] {
  const all = own.map((forward) => ({ ...forward }));
  for (const forward of gvproxySettings.read(settings).forward.map(parseForward)) {
    if (!all.some((other) => listensAlike(other, forward))) all.push(forward);
  }
  return all;
}

function listensAlike(one: PortForward, other: PortForward): boolean {
  return one.protocol === other.protocol && one.hostAddress === other.hostAddress &&
    one.hostPort === other.hostPort;
}
