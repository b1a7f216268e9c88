import type { PrivateApt } from "../lib/apt.ts";
import { EFI_ARCH, type GuestArch, SERIAL_CONSOLE } from "../lib/arch.ts";
import { compressToQcow2, writeDisk, writeExt4, writeFat } from "../lib/disk.ts";
import { unifiedKernelImage } from "../lib/uki.ts";
import { buildInitramfs } from "./initramfs.ts";

const MIB = 1024 * 1024;

/** Room for the kernel and initramfs, with some left for a bigger kernel. */
const ESP_BYTES = 52 * MIB;
/** ext4, so that what a test wrote outlives a killed machine. */
const STATE_BYTES = 10 * MIB;

/**
 * Builds the small guest into `dir`: `vmlinuz` and `initrd` for direct boot, `small.raw` and
 * `small.qcow2` for EFI.
 *
 * @param kernelPackage the package with the kernel itself
 * @param work an empty directory for what is only needed meanwhile
 */
export async function buildSmall(
  dir: string,
  arch: GuestArch,
  apt: PrivateApt,
  kernelPackage: string,
  work: string,
): Promise<void> {
  const packages = `${work}/packages`;
  const programs = await apt.closure(["dropbear-bin"]);
  await apt.unpack(
    [
      kernelPackage,
      "busybox-static",
      "openssh-client",
      "openssh-sftp-server",
      "systemd-boot-efi",
      ...programs,
    ],
    packages,
  );
  const kernel = `${packages}/boot/vmlinuz-${kernelPackage.replace(/^linux-image-/, "")}`;
  await Deno.copyFile(kernel, `${dir}/vmlinuz`);
  await buildInitramfs(packages, `${work}/initramfs`, `${dir}/initrd`);

  const stub = `${packages}/usr/lib/systemd/boot/efi/linux${EFI_ARCH[arch]}.efi.stub`;
  const image = unifiedKernelImage({
    stub: await Deno.readFile(stub),
    kernel: await Deno.readFile(`${dir}/vmlinuz`),
    initrd: await Deno.readFile(`${dir}/initrd`),
    commandLine: `console=${SERIAL_CONSOLE[arch]} console=hvc0 quiet panic=5`,
  });
  await Deno.writeFile(`${work}/boot.efi`, image);
  const loader = `EFI/BOOT/BOOT${EFI_ARCH[arch].toUpperCase()}.EFI`;
  await writeFat(`${work}/esp`, "ESP", ESP_BYTES, { [loader]: `${work}/boot.efi` });
  await writeExt4(`${work}/state`, "STATE", STATE_BYTES);
  await writeDisk(`${dir}/small.raw`, [
    { kind: "esp", name: "esp", file: `${work}/esp` },
    { kind: "linux", name: "state", file: `${work}/state` },
  ]);
  await compressToQcow2(`${dir}/small.raw`, `${dir}/small.qcow2`);
}
