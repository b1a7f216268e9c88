/** krunkit's command line, understood. */
import { parseFlags } from "./clap.ts";
import { type Device, parseDevice } from "./devices.ts";
import { ClapError, ValueError } from "./error.ts";
import { type Flag, shown } from "./flag_table.ts";
import {
  parseBootloader,
  parseInteger,
  parseMemory,
  parseRestUri,
  parseTimesync,
  type RestAddress,
  showRestAddress,
} from "./values.ts";

/** Everything that the flags say. */
export interface CommandLine {
  cpus: number;
  memoryMib: number;
  /** Looked at by nobody. */
  bootloader?: string;
  devices: Device[];
  rest?: RestAddress;
  gui: boolean;
  oemStrings?: string[];
  krunLogLevel?: number;
  logFile?: string;
  nested: boolean;
  pidfile?: string;
  firmwarePath?: string;
  timesyncPort?: number;
}

/**
 * Parses the words behind the program's name.
 * @throws {ClapError}
 */
export function parseCommandLine(args: readonly string[]): CommandLine | "help" | "version" {
  const line: CommandLine = { cpus: 0, memoryMib: 0, devices: [], gui: false, nested: false };
  const outcome = parseFlags(args, (flag, value) => {
    try {
      TAKE[flag.long]?.(line, value);
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      throw invalid(flag, value, error.message);
    }
  });
  return outcome === "parsed" ? line : outcome;
}

function invalid(flag: Flag, value: string, why: string): ClapError {
  return new ClapError(`invalid value '${value}' for '${shown(flag)}': ${why}`);
}

const TAKE: Readonly<Record<string, (line: CommandLine, value: string) => void>> = {
  cpus: (line, value) => void (line.cpus = parseInteger(value, 255)),
  memory: (line, value) => void (line.memoryMib = parseMemory(value)),
  bootloader: (line, value) => void (line.bootloader = parseBootloader(value)),
  device: (line, value) => void line.devices.push(parseDevice(value)),
  "restful-uri": (line, value) => void (line.rest = parseRestUri(value)),
  gui: (line) => void (line.gui = true),
  "oem-string": (line, value) => void (line.oemStrings ??= []).push(value),
  "krun-log-level": (line, value) => {
    line.krunLogLevel = parseInteger(value, 0xffff_ffff);
  },
  "log-file": (line, value) => void (line.logFile = value),
  nested: (line) => void (line.nested = true),
  pidfile: (line, value) => void (line.pidfile = value),
  "firmware-path": (line, value) => void (line.firmwarePath = value),
  timesync: (line, value) => void (line.timesyncPort = parseTimesync(value)),
};

/** The command line as the vectors have it. */
export function described(line: CommandLine) {
  return {
    bootloader: line.bootloader ?? null,
    cpus: line.cpus,
    memoryMiB: line.memoryMib,
    devices: line.devices,
    restful: line.rest === undefined ? null : showRestAddress(line.rest),
    gui: line.gui,
    oemStrings: line.oemStrings ?? null,
    krunLogLevel: line.krunLogLevel ?? null,
    logFile: line.logFile ?? null,
    nested: line.nested,
    pidfile: line.pidfile ?? null,
    firmwarePath: line.firmwarePath ?? null,
    timesyncPort: line.timesyncPort ?? null,
  };
}
