import type { Architecture } from "../../plugins/contract.ts";
import type { Accelerator } from "./settings.ts";
import { keyValues } from "./option.ts";

/**
 * The smallest guest that proves an accelerator: it says that it ran by ending QEMU with a status
 * that nothing else gives. A `/dev/kvm` that can be opened, and even creates machines, proves
 * nothing: there are nested ones on which the first switch of the CPU's mode hangs.
 */
export interface ProofGuest {
  /** Content of the file that QEMU is given. */
  image: Uint8Array;
  /** Exit status of QEMU when the guest ran. */
  expectedStatus: number;
  /** QEMU's arguments. */
  argv(accelerator: Accelerator, imagePath: string): string[];
}

/** I/O port of the exit device; in a range that no device of q35 uses. */
const EXIT_PORT = 0xf4;
const EXIT_VALUE = 0x15;

/**
 * A boot sector that writes EXIT_VALUE to the exit device. Before it runs, the BIOS has switched
 * between real and protected mode many times, set up interrupts, and read the sector by virtio:
 * all that breaks on computers that virtualise badly. Takes 0.12 s with tcg.
 */
function bootSector(): Uint8Array {
  // A whole MiB: the BIOS does not read from a disk of one sector.
  const disk = new Uint8Array(1024 * 1024);
  disk.set([
    ...[0xb0, EXIT_VALUE], // mov al, EXIT_VALUE
    ...[0xe6, EXIT_PORT], // out EXIT_PORT, al
    ...[0xf4], // hlt
    ...[0xeb, 0xfd], // jmp to the hlt
  ]);
  disk.set([0x55, 0xaa], 510);
  return disk;
}

/**
 * Code at the reset vector that asks the firmware interface to switch the machine off
 * (Arm DEN 0022, PSCI: SYSTEM_OFF is function 0x84000008). Takes 0.05 s with tcg.
 */
function powerOff(): Uint8Array {
  const instructions = new Uint8Array(20);
  const view = new DataView(instructions.buffer);
  [
    0x52800100, // movz w0, #0x0008
    0x72b08000, // movk w0, #0x8400, lsl #16
    0xd4000002, // hvc  #0
    0xd503207f, // wfi
    0x17ffffff, // b    to the wfi
  ].forEach((word, i) => view.setUint32(i * 4, word, true));
  return instructions;
}

const COMMON = ["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot", "-m", "64"];

/** The proof guest of each architecture. */
export const PROOF_GUESTS: Record<Architecture, ProofGuest> = {
  x86_64: {
    image: bootSector(),
    // The exit device ends QEMU with (value << 1) | 1 (QEMU's hw/misc/debugexit.c).
    expectedStatus: (EXIT_VALUE << 1) | 1,
    argv: (accelerator, imagePath) => [
      ...COMMON,
      ...["-machine", `q35,accel=${accelerator}`, "-cpu", cpu(accelerator)],
      "-blockdev",
      keyValues({
        driver: "file",
        "node-name": "disk",
        filename: imagePath,
        "read-only": true,
      }),
      ...["-device", "virtio-blk-pci,drive=disk,bootindex=0"],
      ...["-device", `isa-debug-exit,iobase=${EXIT_PORT},iosize=1`],
    ],
  },
  aarch64: {
    image: powerOff(),
    expectedStatus: 0,
    argv: (accelerator, imagePath) => [
      ...COMMON,
      ...["-machine", `virt,accel=${accelerator},gic-version=max`, "-cpu", cpu(accelerator)],
      ...["-bios", imagePath],
    ],
  },
};

/** The CPU that machines get too: creating it is part of the proof. */
function cpu(accelerator: Accelerator): string {
  return accelerator === "tcg" ? "max" : "host";
}
