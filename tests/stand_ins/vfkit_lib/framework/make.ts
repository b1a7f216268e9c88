import type { VmConfig } from "../config.ts";
import type { StandInOptions } from "../environment.ts";
import { makeBootloader } from "./bootloader.ts";
import { makeDevice } from "./devices.ts";
import { type Hardware, noHardware } from "./hardware.ts";
import { validate } from "./validate.ts";

/**
 * Makes everything that a machine is made of: files and sockets come to be here.
 * @throws {VfkitError} what was made before the fault stays
 */
export function makeHardware(config: VmConfig, options: StandInOptions): Hardware {
  const hardware = noHardware();
  makeBootloader(config.bootloader, config.nested, options);
  for (const device of config.devices) makeDevice(device, hardware, options);
  validate(config, hardware, options);
  return hardware;
}
