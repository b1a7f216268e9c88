/** A machine as the command line describes it, before any of it is made. */
import type { Bootloader } from "./bootloader.ts";
import { DEFAULT_SCREEN } from "./devices/others.ts";
import type { Device } from "./devices/device.ts";
import { VfkitError } from "./error.ts";
import type { ParsedFlags } from "./flags.ts";
import { parseUint } from "./go/number.ts";
import { parseOptions } from "./option_list.ts";

/** Where Ignition asks for its configuration. */
export const IGNITION_PORT = 1024;

/** A machine. */
export interface VmConfig {
  cpus: number;
  memoryMib: bigint;
  bootloader: Bootloader;
  devices: Device[];
  /** vsock port of the guest's agent. */
  timesyncPort?: number;
  ignitionPath?: string;
  nested: boolean;
}

/** @throws {VfkitError} */
export function parseTimesync(text: string): number | undefined {
  if (text === "") return undefined;
  let port = 0;
  for (const { key, value } of parseOptions(text.split(","))) {
    if (key !== "vsockPort") {
      throw new VfkitError(`unknown option for timesync parameter: ${key}`);
    }
    port = Number(parseUint(value, 10, 32));
  }
  if (port === 0) throw new VfkitError("missing 'vsockPort' option for timesync parameter");
  return port;
}

/** @throws {VfkitError} */
export function parseIgnition(flags: ParsedFlags): string | undefined {
  if (flags.ignition.length > 1) {
    throw new VfkitError(
      "failed to add ignition file: ignition only accepts one option in command line argument",
    );
  }
  return flags.ignition[0] || undefined;
}

/** What `--gui` adds where it is missing: a screen and a keyboard, and no pointing device. */
export function addGuiDevices(devices: Device[]): void {
  if (!devices.some((device) => device.kind === "virtiogpu")) {
    devices.push({ kind: "virtiogpu", usesGui: true, ...DEFAULT_SCREEN });
  }
  if (!devices.some((device) => device.kind === "virtioinput")) {
    devices.push({ kind: "virtioinput", inputType: "keyboard" });
  }
}
