import { formatSize } from "../config/size.ts";
import { CocoonError, messageOf } from "../errors/error.ts";
import { freeBytes } from "../images/disk/space.ts";
import type { Finding } from "../plugins/contract.ts";
import { examineDatabase } from "../state/examine.ts";
import type { Home } from "../state/home.ts";

/** Below this nothing can be done but removing. */
const FULL_BYTES = 2 * 1024 * 1024;
/** Below this most images and machines fail for want of room. */
const LOW_BYTES = 1024 * 1024 * 1024;

/** Whether the home can be worked in: room on its disk, and a database that can be read. */
export async function examineHome(home: Home): Promise<Finding[]> {
  const room = await roomFinding(home);
  try {
    // Nothing can be opened without room, and then that is what is wrong.
    if (room?.level !== "error") examineDatabase(home.databasePath);
  } catch (error) {
    const hint = error instanceof CocoonError ? error.hint : undefined;
    return [...room === undefined ? [] : [room], {
      level: "error",
      subject: "home",
      message: messageOf(error),
      ...(hint === undefined ? {} : { fix: hint }),
    }];
  }
  return [room ?? { level: "ok", subject: "home", message: home.root }];
}

async function roomFinding({ root }: Home): Promise<Finding | undefined> {
  const bytes = await freeBytes(root);
  if (bytes >= LOW_BYTES) return undefined;
  const fix = "Make room: cocoon image rm, cocoon vm rm, cocoon gc";
  return bytes < FULL_BYTES
    ? { level: "error", subject: "home", message: `${root}: no space left on the disk`, fix }
    : { level: "warning", subject: "home", message: `${root}: ${formatSize(bytes)} are free`, fix };
}
