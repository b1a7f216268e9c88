import type { DiskFormat, Machine } from "../../plugins/contract.ts";
import { keyValues, option } from "./option.ts";
import { SLOTS, slotText } from "./slots.ts";

/**
 * A file as a block node: the protocol node `NAME-file` and the format node `NAME` on top.
 *
 * What protects the content: QEMU's own locks (`locking=auto`, its default, takes them wherever
 * the system has locks that belong to an open file) refuse a disk that another QEMU writes to; the
 * cache is write-back and every flush of the guest reaches the disk. A qcow2 overlay names its
 * base and the base's format itself.
 */
export function blockdev(
  name: string,
  path: string,
  format: DiskFormat,
  readOnly: boolean,
): string[] {
  const common = {
    "read-only": readOnly,
    discard: readOnly ? undefined : "unmap",
    "cache.direct": readOnly ? undefined : false,
    "cache.no-flush": readOnly ? undefined : false,
  };
  return [
    "-blockdev",
    keyValues({ driver: "file", "node-name": `${name}-file`, filename: path, ...common }),
    "-blockdev",
    keyValues({ driver: format, "node-name": name, file: `${name}-file`, ...common }),
  ];
}

/**
 * A machine's disks as virtio block devices, in order. Firmware boots the root disk first; with a
 * kernel of its own (`-kernel`), QEMU itself is the first thing to boot and takes that index.
 */
export function diskArguments({ disks, boot }: Machine): string[] {
  return disks.flatMap((disk, i) => [
    ...blockdev(`disk${i}`, disk.path, disk.format, disk.readOnly),
    "-device",
    option("virtio-blk-pci", {
      id: `disk${i}-device`,
      drive: `disk${i}`,
      serial: disk.serial,
      addr: slotText(SLOTS.firstDisk + i),
      bootindex: disk.role === "root" && boot.kind === "efi" ? 0 : undefined,
    }),
  ]);
}
