/**
 * The backend `qemu`: x86_64 and aarch64 guests on Linux and macOS, with KVM, HVF or emulation.
 *
 * Files of a machine: `DATA/hypervisor.log` (QEMU's own words), `DATA/console.log` (the first
 * serial port), `RUN/qmp.sock` (control), `RUN/serial.sock` (console), `RUN/nicN.sock` (our end of
 * a datagram network). Only what a verb needs is loaded.
 */
import type { Backend, Capabilities, HostFacts, JsonObject } from "../../plugins/contract.ts";
import { readSettings, settingsSchema } from "./settings.ts";
import { MAX_DISKS, MAX_NICS } from "./slots.ts";
import { planMachine } from "./plan.ts";
import { controlMachine } from "./control.ts";
import { explainFailure } from "./failures.ts";

const qemu: Backend = {
  kind: "backend",
  name: "qemu",
  summary: "QEMU on Linux and macOS, with KVM, HVF or emulation",
  settingsSchema,
  capabilities,
  check: async (host, settings) => (await import("./check.ts")).checkHost(host, settings),
  lacks: async (host, architecture, table) => {
    const { findProgram, missing } = await import("./program.ts");
    const settings = readSettings(table);
    const found = findProgram(host, architecture, settings);
    return found === undefined ? missing(host, architecture, settings) : undefined;
  },
  probe: async (host, machine, settings) =>
    await (await import("./probe.ts")).probeMachine(host, machine, settings),
  plan: planMachine,
  control: controlMachine,
  explainFailure,
};

export default qemu;

function capabilities(host: HostFacts, table: JsonObject): Capabilities {
  const settings = readSettings(table);
  const linux = host.os === "linux";
  return {
    // The foreign architecture is emulated.
    architectures: host.architecture === "x86_64" ? ["x86_64", "aarch64"] : ["aarch64", "x86_64"],
    boots: ["efi", "linux"],
    diskFormats: ["raw", "qcow2"],
    attachments: [
      "dgram-fd",
      "stream-path",
      "dgram-path",
      ...(linux ? ["tap" as const] : []),
      "user",
    ],
    maxDisks: MAX_DISKS,
    maxNics: MAX_NICS,
    pause: true,
    balloon: true,
    // vhost-vsock is a part of Linux's kernel; QEMU has no vsock of its own.
    vsock: linux,
    rng: true,
    screenshot: settings.screen,
    console: "read-write",
    // QEMU: hw/i386/x86.c (bzImage, else an ELF file with a PVH entry). On arm, old versions do not
    // know all packings (hw/arm/boot.c), and what is none of them is run as if it were code.
    kernels: { aarch64: ["arm64-image"], x86_64: ["x86-bzimage", "pvh-elf"] },
    features: [
      "nvme-disks",
      "usb-disks",
      "cdrom",
      "direct-io",
      "disk-queue-size",
      "net-queue-size",
      "watchdog",
      // memfd_create(2) with huge pages is Linux's own.
      ...(linux ? ["hugepages" as const] : []),
    ],
  };
}
