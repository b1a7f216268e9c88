import type { Host } from "../../plugins/contract.ts";

/** Who ships a program, where its package is not called as the program is. */
const PACKAGES: Readonly<
  Record<string, { brew: string; apt: string; dnf: string; pacman: string }>
> = {
  xz: { brew: "brew install xz", apt: "xz-utils", dnf: "xz", pacman: "xz" },
  bzip2: { brew: "brew install bzip2", apt: "bzip2", dnf: "bzip2", pacman: "bzip2" },
  "mkfs.erofs": {
    brew: "brew install erofs-utils",
    apt: "erofs-utils",
    dnf: "erofs-utils",
    pacman: "erofs-utils",
  },
  "qemu-img": { brew: "brew install qemu", apt: "qemu-utils", dnf: "qemu-img", pacman: "qemu-img" },
};

/** The programs that unpack or convert what cocoon itself does not. */
export type HelperProgram = "xz" | "bzip2" | "qemu-img" | "mkfs.erofs";

/** The line that installs a program on this host. */
export function installLine(host: Pick<Host, "os" | "which">, program: HelperProgram): string {
  const names = PACKAGES[program] ??
    { brew: `brew install ${program}`, apt: program, dnf: program, pacman: program };
  if (host.os === "darwin") return `Install it: ${names.brew}`;
  if (host.which("apt-get")) return `Install it: sudo apt-get install -y ${names.apt}`;
  if (host.which("dnf")) return `Install it: sudo dnf install -y ${names.dnf}`;
  if (host.which("pacman")) return `Install it: sudo pacman -S --noconfirm ${names.pacman}`;
  return `Install ${names.apt} with the package manager of this system.`;
}
