/** The architectures that guests are built for, by the name that cocoon uses. */
export type GuestArch = "x86_64" | "aarch64";

const DEBIAN_ARCH = { x86_64: "amd64", aarch64: "arm64" } as const;

/** What the firmware, systemd's stub and its boot loader call an architecture. */
export const EFI_ARCH = { x86_64: "x64", aarch64: "aa64" } as const;

/** The serial port that the kernel of an architecture talks to. */
export const SERIAL_CONSOLE = { x86_64: "ttyS0", aarch64: "ttyAMA0" } as const;

/** Debian's name of an architecture. */
export function debianArch(arch: GuestArch): "amd64" | "arm64" {
  return DEBIAN_ARCH[arch];
}
