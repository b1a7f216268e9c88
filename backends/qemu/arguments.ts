/**
 * A machine as QEMU's command line. Pure.
 *
 * Nothing comes from QEMU's defaults or the computer's QEMU configuration (`-nodefaults`,
 * `-no-user-config`): what is not here is not in the machine.
 */
import { CocoonError } from "../../errors/error.ts";
import { join } from "../../host/path.ts";
import type { Architecture, Boot, Machine, PlanRequest } from "../../plugins/contract.ts";
import { blockdev, diskArguments } from "./disk_arguments.ts";
import { keyValues, option, type OptionValues } from "./option.ts";
import type { QemuProbe } from "./probe_result.ts";
import { type Accelerator, type QemuSettings, settingsFor } from "./settings.ts";
import { checkSlots, SLOTS, slotText } from "./slots.ts";

/** Paths that the command line names and the plan tells others. */
export interface RunPaths {
  consoleSocket: string;
  consoleLog: string;
  qmpSocket: string;
}

/** The paths of a machine. */
export function runPaths(dirs: PlanRequest["dirs"]): RunPaths {
  return {
    consoleSocket: join(dirs.run, "serial.sock"),
    consoleLog: join(dirs.data, "console.log"),
    qmpSocket: join(dirs.run, "qmp.sock"),
  };
}

/** seccomp's denials: those of libvirt. A QEMU that was taken over can't start anything. */
const SANDBOX = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

/**
 * The arguments behind the program's name, without network cards and the user's own.
 * @throws {CocoonError} `usage` for a machine that QEMU can't be
 */
export function machineArguments(
  machine: Machine,
  probe: QemuProbe,
  settings: QemuSettings,
  paths: RunPaths,
): string[] {
  checkSlots(machine);
  return [
    ...["-name", keyValues({ guest: machine.name })],
    ...["-uuid", machine.uuid],
    ...["-nodefaults", "-no-user-config"],
    ...(probe.sandbox && settings.sandbox ? ["-sandbox", SANDBOX] : []),
    ...board(machine, probe, settings),
    ...bootArguments(machine.boot, probe),
    ...["-display", "none"],
    ...(settings.screen ? ["-device", screen(machine.architecture)] : []),
    ...channels(paths),
    ...devices(machine),
    ...diskArguments(machine),
  ];
}

function board(machine: Machine, probe: QemuProbe, settings: QemuSettings): string[] {
  const { architecture, cpus, memoryBytes, tuning } = machine;
  const chosen = settingsFor(settings, architecture);
  const flash = machine.boot.kind === "efi"
    ? { pflash0: "firmware-code", pflash1: "firmware-vars" }
    : {};
  const type = option(chosen.machine ?? (architecture === "x86_64" ? "q35" : "virt"), {
    accel: probe.accelerator,
    // The newest interrupt controller there is: the default one ends at 8 CPUs.
    "gic-version": architecture === "aarch64" ? "max" : undefined,
    ...flash,
    "memory-backend": tuning?.hugepages ? "memory" : undefined,
  });
  return [
    ...(tuning?.hugepages ? ["-object", hugepageMemory(memoryBytes)] : []),
    ...["-machine", type],
    ...["-cpu", chosen.cpu ?? cpuModel(architecture, probe.accelerator)],
    ...["-smp", keyValues({ cpus, sockets: 1, cores: cpus, threads: 1 })],
    ...["-m", `size=${memoryBytes}B`],
  ];
}

/** All of them are taken at the start: a guest whose memory runs out later would be killed. */
function hugepageMemory(memoryBytes: number): string {
  return option("memory-backend-memfd", {
    id: "memory",
    size: memoryBytes,
    hugetlb: true,
    prealloc: true,
  });
}

/**
 * The host's CPU where it runs the guest itself. Emulated: x86_64 distributions of today need
 * x86-64-v2 or v3, which only `max` has in every QEMU; on aarch64, any distribution runs on
 * ARMv8.0, and a guest boots 4.5 times quicker than with `max`, whose pointer authentication is
 * dear to emulate.
 */
function cpuModel(architecture: Architecture, accelerator: Accelerator): string {
  if (accelerator !== "tcg") return "host";
  return architecture === "x86_64" ? "max" : "cortex-a57";
}

function bootArguments(boot: Boot, probe: QemuProbe): string[] {
  switch (boot.kind) {
    case "linux":
      return [
        ...["-kernel", boot.kernelPath],
        ...(boot.initrdPath === undefined ? [] : ["-initrd", boot.initrdPath]),
        ...(boot.commandLine === "" ? [] : ["-append", boot.commandLine]),
      ];
    case "efi": {
      const { firmware } = probe;
      if (firmware === undefined) throw new TypeError("The probe of an EFI machine has firmware");
      return [
        ...blockdev("firmware-code", firmware.code, firmware.codeFormat, true),
        ...blockdev("firmware-vars", boot.variableStorePath, firmware.varsFormat, false),
      ];
    }
    case "macos":
      throw new CocoonError("usage", "qemu can't boot macOS", {
        hint: 'use backend = "vfkit" on a Mac with Apple silicon',
      });
  }
}

/**
 * A plain frame buffer that every firmware draws on. Both kinds are built into every QEMU;
 * virtio-gpu is a package of its own on some distributions.
 */
function screen(architecture: Architecture): string {
  return architecture === "x86_64"
    ? option("VGA", { id: "screen", addr: slotText(SLOTS.screen) })
    : option("ramfb", { id: "screen" });
}

/**
 * The console is the first serial port (ttyS0, on aarch64 ttyAMA0): firmware, boot loader and
 * kernel all use it, and `console=hvc0` alone would show none of the first two. QEMU appends its
 * output to the log, also while nobody is connected.
 *
 * Whoever is connected must read: the serial port of virt (pl011) waits for room in the socket,
 * and the whole machine with it. As each character is a packet of its own there, room ends after
 * some 280 characters.
 */
function channels(paths: RunPaths): string[] {
  const listening = { server: true, wait: false };
  return [
    "-chardev",
    option("socket", {
      id: "console",
      path: paths.consoleSocket,
      ...listening,
      logfile: paths.consoleLog,
      logappend: true,
    }),
    ...["-serial", "chardev:console"],
    ...["-chardev", option("socket", { id: "qmp", path: paths.qmpSocket, ...listening })],
    ...["-mon", "chardev=qmp,mode=control"],
  ];
}

function devices({ devices }: Machine): string[] {
  const argv: string[] = [];
  const add = (driver: string, slot: number, values: OptionValues = {}) =>
    argv.push("-device", option(driver, { id: driver, ...values, addr: slotText(slot) }));
  if (devices.rng) add("virtio-rng-pci", SLOTS.rng);
  if (devices.balloon) {
    // The guest gives back what it does not use, and gets memory back before it kills processes.
    add("virtio-balloon-pci", SLOTS.balloon, {
      "free-page-reporting": true,
      "deflate-on-oom": true,
    });
  }
  // Its default is to reset the machine.
  if (devices.watchdog) add("i6300esb", SLOTS.watchdog);
  if (devices.vsock) {
    add("vhost-vsock-pci", SLOTS.vsock, { "guest-cid": devices.vsock.cid });
  }
  return argv;
}
