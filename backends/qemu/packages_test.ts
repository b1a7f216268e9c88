import assert from "node:assert/strict";
import type { HostFacts } from "../../plugins/contract.ts";
import { installLine } from "./packages.ts";

const LINUX: HostFacts = { os: "linux", architecture: "x86_64", cpus: 2, memoryBytes: 1e9 };

async function lineFor(osRelease: string, architecture: "x86_64" | "aarch64" = "x86_64") {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(path, osRelease);
    return installLine(LINUX, architecture, ["program", "firmware"], path);
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("installLine() knows distributions and their relatives", async () => {
  const texts: [string, string][] = [
    ['PRETTY_NAME="Debian"\nID=debian\n', "sudo apt install qemu-system-x86 ovmf"],
    ["ID=linuxmint\nID_LIKE='ubuntu debian'\n", "sudo apt install qemu-system-x86 ovmf"],
    ["ID=fedora\n", "sudo dnf install qemu-system-x86-core edk2-ovmf"],
    [
      'ID="rocky"\nID_LIKE="rhel centos fedora"\n',
      "sudo dnf install qemu-system-x86-core edk2-ovmf",
    ],
    ["ID=arch\n", "sudo pacman -S qemu-system-x86 edk2-ovmf"],
    [
      'ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"',
      "sudo zypper install qemu-x86 qemu-ovmf-x86_64",
    ],
  ];
  for (const [text, line] of texts) assert.equal(await lineFor(text), line);
  assert.equal(
    await lineFor("ID=debian\n", "aarch64"),
    "sudo apt install qemu-system-arm qemu-efi-aarch64",
  );
});

Deno.test("installLine() says what is needed where the distribution is unknown", async () => {
  assert.match(await lineFor("ID=plan9\n"), /emulator for x86_64 and its UEFI firmware/);
  assert.match(installLine(LINUX, "aarch64", ["program"], "/nonexistent/os-release"), /aarch64/);
});

Deno.test("installLine() uses Homebrew on a Mac", () => {
  assert.equal(
    installLine({ ...LINUX, os: "darwin" }, "aarch64", ["program"]),
    "brew install qemu",
  );
});
