import { defineSettings } from "../../plugins/settings.ts";

/** Keys of `[backends.krunkit]`; `read` gives them with their types. */
export const krunkitSettings = defineSettings({
  program: { type: "path", description: "krunkit, instead of the one on PATH" },
  architecture: {
    type: "enum",
    values: ["x86_64", "aarch64"],
    description: "architecture of the guests that `program` runs, if not this computer's",
  },
  firmware: {
    type: "path",
    description: "UEFI firmware, instead of the one that comes with krunkit (krunkit 1.2.0)",
  },
  nested: {
    type: "boolean",
    default: false,
    description: "let guests run machines of their own (M3 or newer, macOS 15)",
  },
  timesync_port: {
    type: "integer",
    minimum: 1,
    maximum: 2 ** 32 - 1,
    description: "vsock port where the guest's qemu-ga takes the time after the host has slept",
  },
  log_level: {
    type: "enum",
    values: ["error", "warn", "info", "debug"],
    default: "info",
    description: "how much krunkit writes into the machine's hypervisor.log",
  },
  extra_args: {
    type: "string[]",
    default: [],
    description: "arguments added to krunkit's command line",
  },
});

/** The table `[backends.krunkit]`, defaults filled in. */
export type KrunkitSettings = ReturnType<typeof krunkitSettings.read>;
