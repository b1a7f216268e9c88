import type { Architecture, HostFacts } from "../../plugins/contract.ts";

/** What of QEMU can be missing. */
export type Part = "program" | "firmware";

interface Manager {
  /** `ID` and `ID_LIKE` words of os-release(5) that it goes with. */
  ids: string[];
  command: string;
  packages: Record<Part, Record<Architecture, string>>;
}

const MANAGERS: Manager[] = [
  {
    ids: ["debian", "ubuntu"],
    command: "sudo apt install",
    packages: {
      program: { x86_64: "qemu-system-x86", aarch64: "qemu-system-arm" },
      firmware: { x86_64: "ovmf", aarch64: "qemu-efi-aarch64" },
    },
  },
  {
    ids: ["fedora", "rhel", "centos"],
    command: "sudo dnf install",
    packages: {
      program: { x86_64: "qemu-system-x86-core", aarch64: "qemu-system-aarch64-core" },
      firmware: { x86_64: "edk2-ovmf", aarch64: "edk2-aarch64" },
    },
  },
  {
    ids: ["arch"],
    command: "sudo pacman -S",
    packages: {
      program: { x86_64: "qemu-system-x86", aarch64: "qemu-system-aarch64" },
      firmware: { x86_64: "edk2-ovmf", aarch64: "edk2-aarch64" },
    },
  },
  {
    ids: ["suse", "opensuse"],
    command: "sudo zypper install",
    packages: {
      program: { x86_64: "qemu-x86", aarch64: "qemu-arm" },
      firmware: { x86_64: "qemu-ovmf-x86_64", aarch64: "qemu-uefi-aarch64" },
    },
  },
];

/**
 * The line that installs parts of QEMU on this computer; a sentence where the distribution is not
 * known.
 * @param osReleasePath replaced in tests
 */
export function installLine(
  host: HostFacts,
  architecture: Architecture,
  parts: Part[],
  osReleasePath = "/etc/os-release",
): string {
  if (host.os === "darwin") return "brew install qemu";
  const words = osReleaseWords(osReleasePath);
  const manager = MANAGERS.find(({ ids }) => words.some((word) => ids.includes(word)));
  if (manager === undefined) {
    return `install QEMU's system emulator for ${architecture} and its UEFI firmware (edk2)`;
  }
  const packages = parts.map((part) => manager.packages[part][architecture]);
  return `${manager.command} ${packages.join(" ")}`;
}

/** The values of `ID` and `ID_LIKE`, in lower case, the distribution's own first. */
function osReleaseWords(path: string): string[] {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch {
    return [];
  }
  const value = (key: string) =>
    new RegExp(`^${key}=(["']?)(.*)\\1$`, "m").exec(text)?.[2]?.toLowerCase() ?? "";
  return `${value("ID")} ${value("ID_LIKE")}`.split(/[\s-]+/).filter((word) => word !== "");
}
