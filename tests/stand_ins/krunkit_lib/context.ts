/** libkrun's context: what is refused between the command line and the start. */
import type { CommandLine } from "./command_line.ts";
import type { StandInOptions } from "./environment.ts";
import { KrunkitError } from "./error.ts";
import { checkCard } from "./net.ts";

/** Its RAM and the window of its graphics processor share an address space. */
const MAX_MEMORY_MIB = 61_440;

/** @throws {KrunkitError} */
export function checkContext(line: CommandLine, { withoutFirmware }: StandInOptions): void {
  if (line.cpus === 0) throw new KrunkitError("vcpus must be a minimum of 1 (0 is invalid)");
  if (line.memoryMib === 0) throw new KrunkitError("zero MiB RAM inputted (invalid)");
  if (line.memoryMib > MAX_MEMORY_MIB) {
    throw new KrunkitError(`requested RAM larger than upper limit of ${MAX_MEMORY_MIB} MiB`);
  }
  if (withoutFirmware && line.firmwarePath === undefined) {
    throw new KrunkitError("can't find a firmware to load");
  }
  let consoles = 0;
  for (const device of line.devices) {
    if (device.kind === "virtio-serial" && ++consoles > 1) {
      throw new KrunkitError(
        "unable to set krun console output redirection to virtio-serial log file",
      );
    }
    if (device.kind === "virtio-net") checkCard(device);
    if (device.kind === "virtio-vsock" && device.action === "connect" && exists(device.socketURL)) {
      throw new KrunkitError(
        `unable to add vsock port ${device.port} for path ${device.socketURL}`,
      );
    }
  }
}

function exists(path: string): boolean {
  try {
    Deno.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
