/** The keys of `[networks.NAME]` for the provider `nat`. */
import { defineSettings } from "../../plugins/settings.ts";
import { LEASES_FILE } from "../apple_settings.ts";
import { SSH_PORTS } from "../port_range.ts";

/** Settings of the provider; `read` gives them with their types. */
export const natSettings = defineSettings({
  ssh_ports: SSH_PORTS,
  subnet: {
    type: "string",
    check: (value) => isSubnet(value) ? undefined : 'must be an IPv4 subnet such as "10.0.2.0/24"',
    description: "subnet that the guest is in; the hypervisor's own default if not set",
  },
  leases_file: LEASES_FILE,
});

/** A network address with a prefix that leaves room for gateway, name server and guest. */
function isSubnet(text: string): boolean {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text);
  if (match === null) return false;
  const [a = 0, b = 0, c = 0, d = 0, prefix = 0] = match.slice(1).map(Number);
  if ([a, b, c, d].some((byte) => byte > 255) || prefix < 8 || prefix > 27) return false;
  const address = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
  return address % 2 ** (32 - prefix) === 0;
}
