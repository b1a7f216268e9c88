import { defineSettings } from "../../plugins/settings.ts";

/** Keys of `[backends.vfkit]`; `read` gives them with their types. */
export const vfkitSettings = defineSettings({
  program: { type: "path", description: "vfkit, instead of the one on PATH" },
  architecture: {
    type: "enum",
    values: ["x86_64", "aarch64"],
    description: "architecture of the guests that `program` runs, if not this computer's",
  },
  nested: {
    type: "boolean",
    default: false,
    description: "let guests run machines of their own (M3 or newer, macOS 15, vfkit 0.6.2)",
  },
  timesync_port: {
    type: "integer",
    minimum: 1,
    maximum: 2 ** 32 - 1,
    description: "vsock port where the guest's qemu-ga takes the time after the host has slept",
  },
  log_level: {
    type: "enum",
    values: ["error", "info", "debug"],
    default: "info",
    description: "how much vfkit writes into the machine's hypervisor.log",
  },
  extra_args: {
    type: "string[]",
    default: [],
    description: "arguments added to vfkit's command line",
  },
});

/** The table `[backends.vfkit]`, defaults filled in. */
export type VfkitSettings = ReturnType<typeof vfkitSettings.read>;
