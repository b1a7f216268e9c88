/** Which packages the demo and the tests need, as data; `tools/setup.ts` installs them. */
import type { Architecture } from "../plugins/contract.ts";
import {
  FULL_GUEST_PACKAGES,
  GUEST_TEST_PACKAGES,
  SMALL_GUEST_PACKAGES,
} from "../tests/guests/packages.ts";

/** What a set-up is for. The tests need all that the demo needs. */
export const PURPOSES = ["demo", "test"] as const;
export type Purpose = typeof PURPOSES[number];

/** A machine of the host's own architecture, and its firmware, by architecture. */
const MACHINE: Record<Architecture, readonly string[]> = {
  x86_64: ["qemu-system-x86", "ovmf"],
  aarch64: ["qemu-system-arm", "qemu-efi-aarch64"],
};

const DEMO = ["openssh-client", "ca-certificates"];

const TEST = [
  // Guests of both architectures.
  ...MACHINE.x86_64,
  ...MACHINE.aarch64,
  // The reference that our own disk code is compared with.
  "qemu-utils",
  // A registry, and the program that others use with it.
  "docker-registry",
  "skopeo",
  "zstd",
  "genisoimage",
  "mtools",
  "dosfstools",
  // What kernels are packed with.
  "bzip2",
  "lz4",
  "xz-utils",
  // File systems with and without reflinks.
  "btrfs-progs",
  "xfsprogs",
  "e2fsprogs",
  // Shells whose completion is tested; terminals and times.
  "zsh",
  "fish",
  "bsdutils",
  "hyperfine",
  "iproute2",
  "procps",
  // Networks of the tests' own.
  "containernetworking-plugins",
  "iptables",
  "sudo",
  // A small SSH server.
  "dropbear-bin",
  // Kills a command at a chosen step.
  "strace",
  // Keys and signatures of checksum files.
  "gnupg",
  "gpgv",
];

/** Names of Debian packages, sorted, each once. */
export function debianPackages(purpose: Purpose, architecture: Architecture): string[] {
  const names = [...MACHINE[architecture], ...DEMO, ...SMALL_GUEST_PACKAGES];
  if (purpose === "test") names.push(...TEST, ...FULL_GUEST_PACKAGES, ...GUEST_TEST_PACKAGES);
  return [...new Set(names)].sort();
}

/** A program that cocoon itself runs, and who ships it where Debian's packages are not. */
export interface NeededProgram {
  program: string;
  brew: string;
  dnf: string;
  pacman: string;
}

/** What a machine of the host's own architecture needs on systems other than Debian. */
export function neededPrograms(architecture: Architecture): NeededProgram[] {
  const suffix = architecture === "x86_64" ? "x86" : "aarch64";
  return [
    {
      program: `qemu-system-${architecture}`,
      brew: "qemu",
      dnf: `qemu-system-${suffix} ${architecture === "x86_64" ? "edk2-ovmf" : "edk2-aarch64"}`,
      pacman: `qemu-system-${suffix} edk2-${architecture === "x86_64" ? "ovmf" : "aarch64"}`,
    },
    { program: "ssh", brew: "openssh", dnf: "openssh-clients", pacman: "openssh" },
  ];
}
