/** vfkit's stand-in: what the real program does, in its order. See ../README.md. */
import { type Bootloader, parseBootloader } from "./bootloader.ts";
import {
  addGuiDevices,
  IGNITION_PORT,
  parseIgnition,
  parseTimesync,
  type VmConfig,
} from "./config.ts";
import { parseDevice } from "./devices/parse.ts";
import { readOptions, type StandInOptions } from "./environment.ts";
import { VfkitError } from "./error.ts";
import { StandInError } from "../mac_lib/error.ts";
import { runExitHandlers } from "./exit_handlers.ts";
import { help, usage } from "./flag_table.ts";
import { checkFlags, type ParsedFlags, parseFlags } from "./flags.ts";
import { pathError } from "./go/path_error.ts";
import { makeHardware } from "./framework/make.ts";
import { inspect } from "./inspect.ts";
import * as log from "./log.ts";
import { parseRestUri } from "./rest_uri.ts";

/** Status of a stand-in that cannot play its part. */
const STAND_IN_FAILED = 99;

async function main(): Promise<number> {
  let options: StandInOptions | undefined;
  try {
    options = readOptions((name) => Deno.env.get(name));
    const flags = parseFlags(Deno.args, options.release);
    if (flags.help) {
      console.log(help(options.release).trimEnd());
      return 0;
    }
    if (flags.version) {
      console.log(`vfkit version: v${options.release.text}`);
      return 0;
    }
    checkFlags(flags);
    await run(flags, options);
    runExitHandlers();
    return 0;
  } catch (error) {
    runExitHandlers();
    if (error instanceof StandInError) {
      log.print(`stand-in: ${error.message}\n`);
      return STAND_IN_FAILED;
    }
    if (!(error instanceof VfkitError) || options === undefined) throw error;
    log.print(`Error: ${error.message}\n${usage(options.release)}\n${error.message}\n`);
    return 1;
  }
}

async function run(flags: ParsedFlags, options: StandInOptions): Promise<void> {
  const { release, mac } = options;
  if (flags.logLevel === "debug" || flags.logLevel === "error") log.setLevel(flags.logLevel);
  if (release.has("staleSeedCleanup")) (await import("./cloud_init.ts")).removeStaleSeeds();
  const bootloader = parseBootloader(flags);
  if (flags.nested && !mac.nested) {
    throw new VfkitError("nested virtualization is not supported");
  }
  logParameters(flags, bootloader, options);
  const timesyncPort = parseTimesync(flags.timesync);
  const seed = flags.cloudInit.length === 0
    ? undefined
    : (await import("./cloud_init.ts")).seedDisk(flags.cloudInit, release);
  if (flags.pidfile !== "") writePidfile(flags.pidfile);
  const devices = flags.devices.map((text) => parseDevice(text, release));
  if (seed !== undefined) devices.push(seed);
  if (flags.gui) addGuiDevices(devices);
  const ignitionPath = parseIgnition(flags);
  const config: VmConfig = {
    cpus: Number(flags.cpus),
    memoryMib: flags.memory,
    bootloader,
    devices,
    nested: flags.nested,
    ...(timesyncPort === undefined ? {} : { timesyncPort }),
    ...(ignitionPath === undefined ? {} : { ignitionPath }),
  };
  const hardware = options.withoutFramework ? undefined : makeHardware(config, options);
  const rest = parseRestUri(flags.restfulUri, release);
  if (options.parseOnly) {
    console.log(`PARSED ${
      JSON.stringify({
        config: inspect(config),
        netFds: devices.flatMap((device) =>
          device.kind === "virtionet" && device.fd !== undefined ? [device.fd] : []
        ),
        restful: rest ?? null,
        gui: flags.gui,
        logLevel: flags.logLevel,
        pidfile: flags.pidfile,
        cloudInit: flags.cloudInit,
        ignitionVsockPort: ignitionPath === undefined ? null : IGNITION_PORT,
      })
    }`);
    return;
  }
  if (hardware === undefined) throw new StandInError("ORACLE_NOVZ=1 is for parsing only");
  const { runMachine } = await import("./run.ts");
  await runMachine(config, hardware, rest, options);
}

function logParameters(
  flags: ParsedFlags,
  bootloader: Bootloader,
  { release }: StandInOptions,
): void {
  const parsed = `{${flags.cpus} ${flags.memory} ${flags.restfulUri}}`;
  if (release.has("quietParameters")) log.debug(`parsed options: &${parsed}`);
  else {
    log.info(`&${parsed}`);
    log.info(`boot parameters: ${JSON.stringify(bootloader)}`);
  }
  log.info("virtual machine parameters:");
  log.info(`\tvCPUs: ${flags.cpus}`);
  log.info(`\tmemory: ${flags.memory} MiB`);
  log.info("");
}

/** Written before the devices are looked at, and never removed. */
function writePidfile(path: string): void {
  try {
    Deno.writeTextFileSync(path, String(Deno.pid), { mode: 0o600 });
  } catch (error) {
    throw new VfkitError(`could not write PID: ${pathError("open", path, error).message}`);
  }
}

Deno.exit(await main());
