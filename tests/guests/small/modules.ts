import { CocoonError } from "../../../errors/error.ts";
import { run } from "../lib/tools.ts";

/**
 * What the small guest can drive. Devices get theirs by their modalias, file systems and protocol
 * families by the kernel's own request. A name that this kernel lacks or has built in is passed
 * over: Debian's cloud kernel has, for one, no 9p.
 */
const WANTED: readonly string[] = [
  ...["virtio_pci", "virtio_mmio", "virtio_blk", "virtio_scsi", "virtio_net", "virtio-rng"],
  ...["virtio_balloon", "virtio_console", "virtio_input", "virtio_mem"],
  ...["vmw_vsock_virtio_transport", "virtiofs", "9p", "9pnet_virtio"],
  ...["sd_mod", "sr_mod", "nvme", "ahci", "ata_piix"],
  ...["ext4", "vfat", "isofs", "erofs", "overlay", "btrfs", "squashfs", "loop"],
  ...["nls_cp437", "nls_ascii", "nls_iso8859-1", "nls_utf8"],
  ...["button", "evdev", "af_packet", "crc32c_generic"],
];

/** Without these no test can use the guest; a kernel that has them nowhere is refused. */
const REQUIRED: readonly string[] = ["virtio_pci", "virtio_blk", "virtio_net", "isofs", "vfat"];

/**
 * Copies the wanted modules, and those that they need, from an unpacked kernel package into an
 * initramfs tree, and indexes them there.
 */
export async function copyModules(kernelRoot: string, target: string): Promise<void> {
  const [release] = [...Deno.readDirSync(`${kernelRoot}/lib/modules`)].map(({ name }) => name);
  if (release === undefined) throw new CocoonError("failed", "kernel package: it has no modules");
  await run("depmod", ["-b", kernelRoot, release]);
  const from = `${kernelRoot}/lib/modules/${release}`;
  const to = `${target}/lib/modules/${release}`;
  const dependencies = parseDependencies(await Deno.readTextFile(`${from}/modules.dep`));
  const builtIn = new Set(
    (await Deno.readTextFile(`${from}/modules.builtin`)).split("\n").map(moduleName),
  );
  const paths = new Set<string>();
  for (const name of WANTED.map(moduleName)) {
    const found = dependencies.get(name);
    if (found === undefined && REQUIRED.includes(name) && !builtIn.has(name)) {
      throw new CocoonError("failed", `kernel ${release}: it has no module ${name}`);
    }
    for (const path of found ?? []) paths.add(path);
  }
  for (const path of paths) {
    await Deno.mkdir(`${to}/${path.slice(0, path.lastIndexOf("/"))}`, { recursive: true });
    await Deno.copyFile(`${from}/${path}`, `${to}/${path}`);
  }
  for (const list of ["modules.order", "modules.builtin", "modules.builtin.modinfo"]) {
    await Deno.copyFile(`${from}/${list}`, `${to}/${list}`);
  }
  await run("depmod", ["-b", target, release]);
  // Busybox reads the lists as text only.
  for (const { name } of [...Deno.readDirSync(to)]) {
    if (/^modules\.(.*\.bin|builtin\.modinfo|order)$/.test(name)) {
      await Deno.remove(`${to}/${name}`);
    }
  }
}

/** `modules.dep`: every module's own path and those it needs, by its name. */
export function parseDependencies(text: string): Map<string, string[]> {
  const modules = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const [path, needs] = line.split(":");
    if (path === undefined || needs === undefined) continue;
    modules.set(moduleName(path), [path, ...needs.split(" ").filter((need) => need !== "")]);
  }
  return modules;
}

/** The name as the kernel has it: no folder, no suffix, underscores. */
function moduleName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).replace(/\.ko(\.[a-z0-9]+)?$/, "")
    .replaceAll("-", "_");
}
