import type { Disk, DiskFormat, Machine } from "../../plugins/contract.ts";
import { keyValues, option, type OptionValues } from "./option.ts";
import { SLOTS, slotText } from "./slots.ts";

/**
 * A file as a block node: the protocol node `NAME-file` and the format node `NAME` on top.
 *
 * What protects the content: QEMU's own locks (`locking=auto`, its default, takes them wherever
 * the system has locks that belong to an open file) refuse a disk that another QEMU writes to; the
 * cache is write-back and every flush of the guest reaches the disk. A qcow2 overlay names its
 * base and the base's format itself.
 * @param direct past this computer's page cache
 */
export function blockdev(
  name: string,
  path: string,
  format: DiskFormat,
  readOnly: boolean,
  direct = false,
): string[] {
  const common = {
    "read-only": readOnly,
    discard: readOnly ? undefined : "unmap",
    "cache.direct": readOnly ? undefined : direct,
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
 * A machine's disks, in order. Firmware boots the root disk first; with a
 * kernel of its own (`-kernel`), QEMU itself is the first thing to boot and takes that index.
 */
export function diskArguments({ disks, boot, tuning = {} }: Machine): string[] {
  return disks.flatMap((disk, i) => {
    const bootindex = disk.role === "root" && boot.kind === "efi" ? 0 : undefined;
    return [
      ...blockdev(`disk${i}`, disk.path, disk.format, disk.readOnly, tuning.directIo),
      ...diskDevices(disk, i, { bootindex, "queue-size": tuning.diskQueueSize }),
    ];
  });
}

function diskDevices({ bus = "virtio", serial }: Disk, i: number, own: OptionValues): string[] {
  const addr = slotText(SLOTS.firstDisk + i);
  const disk = { id: `disk${i}-device`, drive: `disk${i}`, serial };
  switch (bus) {
    case "virtio":
      return ["-device", option("virtio-blk-pci", { ...disk, addr, ...own })];
    case "nvme":
      return ["-device", option("nvme", { ...disk, addr, bootindex: own["bootindex"] })];
    case "usb": {
      // A controller of its own: the disk has a slot of its own, as the others have.
      const controller = `disk${i}-usb`;
      return [
        "-device",
        option("qemu-xhci", { id: controller, addr }),
        "-device",
        option("usb-storage", { ...disk, bus: `${controller}.0`, removable: true }),
      ];
    }
  }
}
