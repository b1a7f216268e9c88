/**
 * The backend `vfkit`: guests of the computer's own architecture on macOS, by Apple's
 * Virtualization.framework.
 *
 * Files of a machine: `DATA/hypervisor.log` (vfkit's own words and its access log),
 * `DATA/console.log` (the guest's console, hvc0), `RUN/vfkit.sock` (REST). Only what a verb needs
 * is loaded.
 */
import type {
  Architecture,
  Backend,
  Capabilities,
  HostFacts,
  JsonObject,
} from "../../plugins/contract.ts";
import { controlMachine } from "./control.ts";
import { explainFailure } from "./failures.ts";
import { planMachine } from "./plan.ts";
import { machineRefusals } from "./refusals.ts";
import { vfkitSettings } from "./settings.ts";

const vfkit: Backend = {
  kind: "backend",
  name: "vfkit",
  summary: "Apple's Virtualization.framework on macOS",
  systems: ["darwin"],
  settingsSchema: vfkitSettings,
  capabilities,
  check: async (host, settings) => (await import("./check.ts")).checkHost(host, settings),
  lacks: async (host, _architecture, table) => {
    const { findProgram, missing } = await import("./program.ts");
    const settings = vfkitSettings.read(table);
    return findProgram(host, settings) === undefined ? missing(host, settings) : undefined;
  },
  probe: async (host, machine, settings) =>
    await (await import("./probe.ts")).probeMachine(host, machine, settings),
  refusals: machineRefusals,
  plan: planMachine,
  control: controlMachine,
  explainFailure,
  // vfkit itself asks the guest for 5 s and then cuts its power; a second SIGTERM can hang it.
  terminationGraceMs: 10_000,
};

export default vfkit;

/**
 * What vfkit can do wherever it runs: that it runs on macOS alone is `probe`'s and `check`'s to
 * say. Apple's own limits (PCI slots) lie above ours; no documentation names them.
 */
function capabilities(host: HostFacts, table: JsonObject): Capabilities {
  const architecture: Architecture = vfkitSettings.read(table).architecture ?? host.architecture;
  const silicon = architecture === "aarch64";
  return {
    architectures: [architecture],
    boots: silicon ? ["efi", "linux", "macos"] : ["efi", "linux"],
    diskFormats: ["raw"],
    attachments: ["vz-nat", "dgram-fd", "dgram-path"],
    maxDisks: 16,
    maxNics: 8,
    pause: true,
    balloon: true,
    vsock: true,
    rng: true,
    screenshot: false,
    console: "read-write",
    features: [
      "shares",
      ...(silicon ? ["rosetta" as const] : []),
      "display",
      "input",
      "nvme-disks",
      "usb-disks",
      "cdrom",
      "network-disks",
    ],
    // Apple: VZLinuxBootLoader.kernelURL; on Apple silicon the kernel must be uncompressed.
    kernels: { aarch64: ["arm64-image"], x86_64: ["x86-bzimage"] },
  };
}
