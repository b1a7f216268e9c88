/** The keys of `[networks.NAME]` for the provider `cni`. */
import { defineSettings } from "../../plugins/settings.ts";

/** Settings of the provider; `read` gives them with their types. */
export const cniSettings = defineSettings({
  conf_dir: {
    type: "path",
    default: "/etc/cni/net.d",
    description: "folder of the network configurations, NAME.conflist",
  },
  bin_dirs: {
    type: "string[]",
    // Where the plugins' own releases go, and Debian's package.
    default: ["/opt/cni/bin", "/usr/lib/cni"],
    description: "folders of the plugins, the first one that has a plugin wins",
  },
  network: {
    type: "string",
    check: (value) => value === "" ? "must be the name of a network" : undefined,
    description: "name of the network in its configuration; the first by file name if not set",
  },
});
