/** The storage driver `auto`: the first one that can do it here, by asking. */
import { CocoonError, messageOf } from "../errors/error.ts";
import type { DiskFormat, Host, StorageDriver } from "../plugins/contract.ts";

/** The order of `auto`: cheapest to make and to run first. The last one works everywhere. */
export const AUTO_ORDER: readonly string[] = ["clonefile", "reflink", "qcow2", "copy"];

/** What a driver is chosen for. */
export interface StorageWish {
  host: Host;
  /** Where disks are made; exists. */
  directory: string;
  /** Where images are; exists. */
  imageDirectory: string;
  /** Formats that the backend takes. */
  diskFormats: readonly DiskFormat[];
}

/** The driver that was chosen, and why. */
export interface StorageChoice {
  driver: StorageDriver;
  /** One sentence for `--debug` and `doctor`, without a full stop. */
  reason: string;
}

/**
 * Chooses the storage driver for `auto`.
 * @param load gives a driver by name; only those are loaded that are asked
 * @throws {CocoonError} `usage` when no driver makes a format that the backend takes
 */
export async function selectStorage(
  load: (name: string) => Promise<StorageDriver>,
  wish: StorageWish,
  order: readonly string[] = AUTO_ORDER,
): Promise<StorageChoice> {
  const passedOver: string[] = [];
  for (const name of order) {
    const driver = await load(name);
    const obstacle = await obstacleOf(driver, wish);
    if (obstacle === undefined) {
      const others = passedOver.length === 0 ? "" : `, because ${passedOver.join(" and ")}`;
      return { driver, reason: `storage driver ${driver.name} was chosen${others}` };
    }
    passedOver.push(`${driver.name} ${obstacle}`);
  }
  throw new CocoonError("usage", `no storage driver can be used: ${passedOver.join(", ")}`, {
    hint: "Choose another backend, or another storage driver by its name.",
  });
}

async function obstacleOf(driver: StorageDriver, wish: StorageWish): Promise<string | undefined> {
  if (!wish.diskFormats.includes(driver.format)) {
    return `makes ${driver.format} disks, which the backend does not take`;
  }
  try {
    if (await driver.supports(wish.host, wish.directory, wish.imageDirectory)) return undefined;
    return `does not work in ${wish.directory}`;
  } catch (error) {
    // What one driver could not even try (no write access, a full disk), the next may do or will
    // explain better: its own clone fails with the reason.
    return `could not be tried: ${messageOf(error)}`;
  }
}
