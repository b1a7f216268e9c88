/**
 * The backend `krunkit`: guests on Apple silicon with the computer's graphics processor, by
 * libkrun.
 *
 * Files of a machine: `DATA/hypervisor.log` (krunkit's own words), `DATA/console.log` (the guest's
 * console, hvc0; begun anew at each start), `RUN/krunkit.sock` (REST). Only what a verb needs is
 * loaded.
 */
import type { Backend, Capabilities, HostFacts, JsonObject } from "../../plugins/contract.ts";
import { controlMachine } from "./control.ts";
import { explainFailure } from "./failures.ts";
import { machineRefusals, MAX_MEMORY_MIB, planMachine } from "./plan.ts";
import { krunkitSettings } from "./settings.ts";

const krunkit: Backend = {
  kind: "backend",
  name: "krunkit",
  summary: "libkrun on Apple silicon, with the graphics processor for its guests",
  systems: ["darwin"],
  settingsSchema: krunkitSettings,
  capabilities,
  check: async (host, settings) => (await import("./check.ts")).checkHost(host, settings),
  lacks: async (host, _architecture, table) => {
    const { findProgram, missing } = await import("./program.ts");
    const settings = krunkitSettings.read(table);
    return findProgram(host, settings) === undefined ? missing(host, settings) : undefined;
  },
  probe: async (host, machine, settings) =>
    await (await import("./probe.ts")).probeMachine(host, machine, settings),
  refusals: machineRefusals,
  plan: planMachine,
  control: controlMachine,
  explainFailure,
  rebootEndsProcess: true,
};

export default krunkit;

/**
 * What krunkit can do wherever it runs; on an Intel Mac that is nothing. A vsock device needs a
 * port and a socket in its option, which are for `extra_args` to name.
 */
function capabilities(host: HostFacts, table: JsonObject): Capabilities {
  const architecture = krunkitSettings.read(table).architecture ??
    (host.architecture === "aarch64" ? host.architecture : undefined);
  return {
    architectures: architecture === undefined ? [] : [architecture],
    boots: ["efi"],
    diskFormats: ["raw", "qcow2"],
    // A path first: krunkit's own descriptors work since libkrun of September 2025 only.
    attachments: ["dgram-path", "dgram-path-offload", "dgram-fd", "stream-path"],
    maxDisks: 16,
    maxNics: 8,
    maxMemoryBytes: MAX_MEMORY_MIB * 1024 ** 2,
    pause: false,
    balloon: false,
    vsock: false,
    rng: true,
    screenshot: false,
    console: "read-only",
    diskSerials: false,
    features: architecture === undefined ? [] : ["shares", "gpu"],
  };
}
