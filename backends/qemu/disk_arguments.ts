import type { Architecture, Disk, DiskFormat, DiskRole, Machine } from "../../plugins/contract.ts";
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

/** Where firmware looks first. */
const BOOT_ORDER: readonly DiskRole[] = ["root", "cdrom"];

/**
 * A machine's disks, in order. Firmware boots the root disk first, then the CD; with a
 * kernel of its own (`-kernel`), QEMU itself is the first thing to boot and takes that index.
 */
export function diskArguments({ architecture, disks, boot, tuning = {} }: Machine): string[] {
  const cdroms = disks.filter(({ role }) => role === "cdrom");
  return disks.flatMap((disk, i) => {
    const rank = boot.kind === "efi" ? BOOT_ORDER.indexOf(disk.role) : -1;
    const bootindex = rank < 0 ? undefined : rank;
    return [
      ...blockdev(`disk${i}`, disk.path, disk.format, disk.readOnly, tuning.directIo),
      ...(disk.role === "cdrom"
        ? cdromDevices(disk, i, { architecture, drive: cdroms.indexOf(disk), bootindex })
        : diskDevices(disk, i, { bootindex, "queue-size": tuning.diskQueueSize })),
    ];
  });
}

/**
 * A CD drive as libvirt gives it to these boards, so that firmware and installers know it: SATA on
 * the controller that q35 has itself, SCSI on virt, which has none.
 * @param place.drive which of the machine's CD drives it is, from 0
 */
function cdromDevices(
  { serial }: Disk,
  i: number,
  { architecture, drive, bootindex }: {
    architecture: Architecture;
    drive: number;
    bootindex: number | undefined;
  },
): string[] {
  const cd = { id: `disk${i}-device`, drive: `disk${i}`, serial, bootindex };
  if (architecture === "x86_64") {
    return ["-device", option("ide-cd", { ...cd, bus: `ide.${drive}` })];
  }
  const controller = `disk${i}-scsi`;
  return [
    "-device",
    option("virtio-scsi-pci", { id: controller, addr: slotText(SLOTS.firstDisk + i) }),
    "-device",
    option("scsi-cd", { ...cd, bus: `${controller}.0` }),
  ];
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
