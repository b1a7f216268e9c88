import { CocoonError } from "../../errors/error.ts";
import type { Machine } from "../../plugins/contract.ts";

/**
 * PCI slots of a machine's devices, on the root bus of q35 and virt alike. They are fixed, so that
 * a guest's names for its cards (`enp0s2`) do not change when a disk is added. Slot 0 is the host
 * bridge, 0x1e and 0x1f belong to q35's own devices.
 */
export const SLOTS = {
  screen: 0x01,
  firstNic: 0x02,
  rng: 0x0a,
  balloon: 0x0b,
  vsock: 0x0c,
  firstDisk: 0x0d,
  watchdog: 0x1d,
} as const;

/** Cards that fit between `firstNic` and `rng`. */
export const MAX_NICS = 8;

/** Disks that fit between `firstDisk` and `watchdog`. */
export const MAX_DISKS = 16;

/** A slot as `-device`'s `addr` has it. */
export function slotText(slot: number): string {
  return `0x${slot.toString(16).padStart(2, "0")}`;
}

/**
 * Refuses a machine with more devices than there are slots.
 * @throws {CocoonError} `usage`
 */
export function checkSlots(machine: Machine): void {
  const counts = [
    ["disks", machine.disks.length, MAX_DISKS],
    // A card keeps its slot when one before it is left out, so the highest index counts.
    ["NICs", Math.max(0, ...machine.nics.map(({ index }) => index + 1)), MAX_NICS],
  ] as const;
  for (const [what, count, limit] of counts) {
    if (count <= limit) continue;
    throw new CocoonError(
      "usage",
      `machine "${machine.name}": ${count} ${what}, but qemu takes at most ${limit}`,
      { hint: `remove ${count - limit} of the ${what}` },
    );
  }
}
