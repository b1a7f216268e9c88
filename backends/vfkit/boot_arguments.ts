import { join } from "../../host/path.ts";
import type { Boot, MachineDirs, PlannedFile } from "../../plugins/contract.ts";
import { bootLoader, commandLineItem } from "./option.ts";

/** How a machine is booted, and the files that this needs. */
export interface BootPlan {
  /** The value of `--bootloader`. */
  option: string;
  files: PlannedFile[];
}

/**
 * An initramfs with nothing in it: the end mark of a cpio archive (Documentation/driver-api/
 * early-userspace/buffer-format.rst). The kernel unpacks it, finds no /init and mounts `root=`.
 */
const EMPTY_INITRD = "070701" + "0".repeat(8 * 11) + "0000000B" + "00000000" +
  "TRAILER!!!\0" + "\0".repeat(3);

/**
 * The boot loader of a machine.
 * @param storeExists whether the EFI variable store is there; `create` would empty it
 * @throws {CocoonError} `usage` for a path or a command line that vfkit can't be given
 */
export function planBoot(boot: Boot, dirs: MachineDirs, storeExists: boolean): BootPlan {
  switch (boot.kind) {
    case "efi": {
      const option = bootLoader("efi", {
        "variable-store": boot.variableStorePath,
        create: storeExists ? undefined : true,
      });
      return { option, files: [] };
    }
    case "linux":
      return planLinux(boot, dirs);
    case "macos": {
      const { machineIdentifierPath, hardwareModelPath, auxImagePath } = boot;
      const option = bootLoader("macos", {
        machineIdentifierPath,
        hardwareModelPath,
        auxImagePath,
      });
      return { option, files: [] };
    }
  }
}

/** vfkit always hands an initrd over, so a machine without one gets one that holds nothing. */
function planLinux(boot: Extract<Boot, { kind: "linux" }>, dirs: MachineDirs): BootPlan {
  const initrd = boot.initrdPath ?? join(dirs.data, "empty-initrd");
  const option = [
    bootLoader("linux", { kernel: boot.kernelPath, initrd }),
    commandLineItem(boot.commandLine),
  ].join(",");
  return {
    option,
    files: boot.initrdPath !== undefined
      ? []
      : [{ path: initrd, source: { text: EMPTY_INITRD }, onlyIfAbsent: true }],
  };
}
