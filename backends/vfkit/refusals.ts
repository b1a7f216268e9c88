import type { CocoonError } from "../../errors/error.ts";
import type { Devices, Machine, MachineDirs } from "../../plugins/contract.ts";
import { refused } from "../refused.ts";
import { planBoot } from "./boot_arguments.ts";
import { otherDevices } from "./device_arguments.ts";
import { diskDevices } from "./disk_arguments.ts";
import { TERMINAL_VERSION } from "./version.ts";

const NO_DEVICES: Devices = { rng: false, balloon: false };

/**
 * What of a machine no vfkit can be given, part by part, so that all of it is told at once: the
 * same code writes the parts of its plan.
 */
export function machineRefusals(machine: Machine, dirs: MachineDirs): CocoonError[] {
  const bare: Machine = { ...machine, disks: [], devices: NO_DEVICES };
  const { shares = [], networkDisks = [] } = machine.devices;
  const found = refused([
    () => planBoot(machine.boot, dirs, true),
    ...machine.disks.map((disk) => () => diskDevices({ ...bare, disks: [disk] })),
    ...networkDisks.map((disk) => () =>
      diskDevices({ ...bare, devices: { ...NO_DEVICES, networkDisks: [disk] } })
    ),
    // Of a folder every version can be told the same.
    ...shares.map((share) => () =>
      otherDevices({ ...bare, devices: { ...NO_DEVICES, shares: [share] } }, TERMINAL_VERSION)
    ),
  ]);
  // Disks that are right one by one may still have one serial.
  return found.length > 0 ? found : refused([() => diskDevices(machine)]);
}
