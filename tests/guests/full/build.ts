import { CocoonError } from "../../../errors/error.ts";
import { baseArchive, debianArchives } from "../lib/apt.ts";
import { debianArch, EFI_ARCH, type GuestArch, SERIAL_CONSOLE } from "../lib/arch.ts";
import { compressToQcow2, writeDisk, writeExt4, writeFat } from "../lib/disk.ts";
import { kernelMetapackage } from "../lib/kernel.ts";
import { pathOf } from "../lib/recipe.ts";
import { run } from "../lib/tools.ts";
import { MASKED_GENERATORS, MASKED_UNITS } from "./masked.ts";

const MIB = 1024 * 1024;

/** Boot loader, kernel and initramfs. */
const ESP_BYTES = 128 * MIB;
/** With the ESP and a MiB for the table on either side, 2 GiB in all. */
const ROOT_BYTES = (2048 - 128 - 2) * MIB;

/** What Debian's cloud images have, as far as machines and tests use it. */
const PACKAGES: readonly string[] = [
  ...["cloud-init", "cloud-guest-utils", "fdisk", "e2fsprogs", "netplan.io", "systemd-resolved"],
  ...["systemd-sysv", "systemd-boot-efi", "systemd-timesyncd", "libpam-systemd", "dbus", "udev"],
  ...["initramfs-tools", "zstd", "kmod", "openssh-server", "sudo", "qemu-guest-agent"],
  ...["ca-certificates", "iproute2", "iputils-ping", "less", "netbase", "procps", "vim-tiny"],
  // Without it python3-cryptography fails to be configured, and cloud-init with it.
  "python3-cffi-backend",
];

/**
 * Nobody attacks a test's guest, and what guards against it costs most where branches are emulated.
 * The clock: QEMU's time stamp counter is the same on all CPUs, which Linux does not believe, and
 * asking another clock means leaving the emulated CPU each time.
 */
const KERNEL_OPTIONS = "root=LABEL=root rw quiet mitigations=off tsc=reliable";

/**
 * Builds the full guest, a Debian cloud image for EFI, into `dir`: `full.raw` (2 GiB, sparse) and
 * `full.qcow2` (compressed). Needs root, for debootstrap.
 *
 * @param work an empty directory for what is only needed meanwhile
 */
export async function buildFull(dir: string, arch: GuestArch, work: string): Promise<void> {
  if (Deno.uid() !== 0) {
    throw new CocoonError("host-lacks", "the full guest can only be built by root", {
      hint: "Build it once with: sudo env COCOON_GUEST_CACHE=DIR deno task guest full DIR2",
    });
  }
  const root = `${work}/root`;
  const { uri, suite } = baseArchive(await debianArchives());
  const include = [kernelMetapackage(arch), ...PACKAGES].join(",");
  await run("debootstrap", ["--version"]);
  // What it mounts goes with this namespace, even when we are killed.
  await run("unshare", [
    "--mount",
    "debootstrap",
    `--arch=${debianArch(arch)}`,
    "--variant=minbase",
    `--include=${include}`,
    suite,
    root,
    uri,
  ], { env: { DEBIAN_FRONTEND: "noninteractive" } });
  await configure(root);
  const esp = await bootFiles(root, arch, work);
  await writeFat(`${work}/esp`, "ESP", ESP_BYTES, esp);
  await writeExt4(`${work}/root.ext4`, "root", ROOT_BYTES, root);
  await writeDisk(`${dir}/full.raw`, [
    { kind: "esp", name: "esp", file: `${work}/esp` },
    // Last, so that it can grow.
    { kind: "linux", name: "root", file: `${work}/root.ext4` },
  ]);
  await compressToQcow2(`${dir}/full.raw`, `${dir}/full.qcow2`);
}

/** Makes the installed system one that has not booted yet and belongs to nobody. */
async function configure(root: string): Promise<void> {
  // Not `cp -a`: the files are to be root's, whoever has the repository. Programs stay executable.
  await run("cp", ["-r", `${pathOf(new URL("rootfs/", import.meta.url))}.`, root]);
  await Deno.mkdir(`${root}/boot/efi`, { recursive: true });
  await Deno.writeTextFile(`${root}/etc/hostname`, "localhost\n");
  await Deno.writeTextFile(`${root}/etc/machine-id`, "");
  await run("rm", ["-f", `${root}/etc/resolv.conf`, `${root}/var/lib/dbus/machine-id`]);
  await Deno.symlink("../run/systemd/resolve/stub-resolv.conf", `${root}/etc/resolv.conf`);
  for await (const { name } of Deno.readDir(`${root}/etc/ssh`)) {
    if (name.startsWith("ssh_host_")) await Deno.remove(`${root}/etc/ssh/${name}`);
  }
  await run("chroot", [
    root,
    "systemctl",
    "--quiet",
    "enable",
    "systemd-networkd",
    "systemd-resolved",
  ]);
  await run("chroot", [root, "systemctl", "--quiet", "mask", ...MASKED_UNITS]);
  const generators = `${root}/etc/systemd/system-generators`;
  await Deno.mkdir(generators, { recursive: true });
  for (const name of MASKED_GENERATORS) await Deno.symlink("/dev/null", `${generators}/${name}`);
  // Again, as it now knows which drivers are wanted.
  await run("chroot", [root, "update-initramfs", "-u"]);
  await run("chroot", [root, "apt-get", "clean"]);
  await run("rm", ["-rf", `${root}/var/lib/apt/lists`, `${root}/var/log/bootstrap.log`]);
}

/** The files of the ESP: systemd's boot loader with one entry. */
async function bootFiles(
  root: string,
  arch: GuestArch,
  work: string,
): Promise<Record<string, string>> {
  const release = [...Deno.readDirSync(`${root}/lib/modules`)].map(({ name }) => name)[0];
  if (release === undefined) throw new CocoonError("failed", "full guest: it has no kernel");
  const consoles = `console=hvc0 console=${SERIAL_CONSOLE[arch]}`;
  await Deno.writeTextFile(`${work}/loader.conf`, "timeout 0\n");
  await Deno.writeTextFile(
    `${work}/debian.conf`,
    "title Debian\nlinux /vmlinuz\ninitrd /initrd.img\n" +
      `options ${KERNEL_OPTIONS} ${consoles}\n`,
  );
  const loader = `${root}/usr/lib/systemd/boot/efi/systemd-boot${EFI_ARCH[arch]}.efi`;
  return {
    [`EFI/BOOT/BOOT${EFI_ARCH[arch].toUpperCase()}.EFI`]: loader,
    "loader/loader.conf": `${work}/loader.conf`,
    "loader/entries/debian.conf": `${work}/debian.conf`,
    "vmlinuz": `${root}/boot/vmlinuz-${release}`,
    "initrd.img": `${root}/boot/initrd.img-${release}`,
  };
}
