/** The keys of `[networks.NAME]` for the provider `bridge`. */
import { defineSettings } from "../../plugins/settings.ts";

/** Settings of the provider; `read` gives them with their types. */
export const bridgeSettings = defineSettings({
  bridge: {
    type: "string",
    default: "br0",
    check: (value) =>
      // Linux's IFNAMSIZ, and what its dev_valid_name() refuses.
      /^[^\s/:]{1,15}$/.test(value) && value !== "." && value !== ".."
        ? undefined
        : "must be the name of an interface",
    description: "the bridge that the machines are plugged into; it must exist",
  },
});
