import { CocoonError } from "../../errors/error.ts";
import { join } from "../../host/path.ts";
import { isAtLeast, type Version, versionText } from "../../host/versions.ts";
import type {
  Boot,
  Disk,
  LaunchPlan,
  Machine,
  MachineDirs,
  PlanRequest,
  Share,
} from "../../plugins/contract.ts";
import { refused } from "../refused.ts";
import { planNics } from "./nic_arguments.ts";
import { option } from "./option.ts";
import { readProbe } from "./probe.ts";
import { UPGRADE_LINE } from "./program.ts";
import { type KrunkitSettings, krunkitSettings } from "./settings.ts";
import { MANY_CPUS_VERSION, OLD_MAX_CPUS, TIMESYNC_VERSION } from "./version.ts";

const MIB = 1024 ** 2;

/** The most memory that krunkit gives a machine (its cmdline.rs), in MiB. */
export const MAX_MEMORY_MIB = 61_440;

/** Milliseconds until krunkit must answer. */
const READY_TIMEOUT_MS = 30_000;
/** Milliseconds that it must live from then on: it answers "running" before it starts the guest. */
const STEADY_MS = 500;

/** libkrun's levels of messages, by their numbers. */
const LOG_LEVELS = { error: 1, warn: 2, info: 3, debug: 4 } as const;

/**
 * What a start of the machine will do. Pure.
 * @throws {CocoonError} `usage` or `host-lacks` for what krunkit, or this version of it, can't do
 */
export function planMachine(request: PlanRequest): LaunchPlan {
  const { machine, dirs } = request;
  const { path: program, version } = readProbe(request.probe);
  const settings = krunkitSettings.read(request.settings);
  const consoleLogPath = join(dirs.data, "console.log");
  const socketPath = join(dirs.run, "krunkit.sock");
  checkCpus(machine, version);
  const nics = planNics(request);
  const devices = [
    ...machine.disks.map(disk),
    ...nics.devices,
    consoleDevice(consoleLogPath),
    ...(machine.devices.rng ? [option("virtio-rng")] : []),
    ...(machine.devices.shares ?? []).map(share),
  ];
  return {
    processes: [{
      role: "hypervisor",
      argv: [
        program,
        ...["--cpus", String(machine.cpus)],
        ...["--memory", mebibytes(machine)],
        ...["--bootloader", bootLoader(machine.boot)],
        // The path is taken as it is: krunkit decodes nothing.
        ...["--restful-uri", `unix://${socketPath}`],
        ...["--krun-log-level", String(LOG_LEVELS[settings.log_level])],
        ...optionalArguments(settings, version),
        ...devices.flatMap((device) => ["--device", device]),
        ...settings.extra_args,
      ],
      // Sockets that libkrun makes and leaves behind are swept with the run folder.
      env: { TMPDIR: dirs.run },
      logPath: join(dirs.data, "hypervisor.log"),
      links: nics.links,
    }],
    links: [],
    files: [],
    console: { kind: "log-only", loggedBy: "hypervisor" },
    consoleLogPath,
    control: { socketPath },
    readyTimeoutMs: READY_TIMEOUT_MS,
    steadyMs: STEADY_MS,
  };
}

/**
 * What of a machine no krunkit can be given, part by part; the same code writes the parts of its
 * plan.
 */
export function machineRefusals(machine: Machine, dirs: MachineDirs): CocoonError[] {
  return refused([
    () => mebibytes(machine),
    () => bootLoader(machine.boot),
    () => consoleDevice(join(dirs.data, "console.log")),
    ...machine.disks.map((one) => () => disk(one)),
    ...(machine.devices.shares ?? []).map((one) => () => share(one)),
  ]);
}

function consoleDevice(logFilePath: string): string {
  return option("virtio-serial", { logFilePath });
}

function share({ hostPath, tag }: Share): string {
  return option("virtio-fs", { sharedDir: hostPath, mountTag: tag });
}

function checkCpus({ name, cpus }: Machine, version: Version): void {
  if (cpus <= OLD_MAX_CPUS || isAtLeast(version, MANY_CPUS_VERSION)) return;
  throw new CocoonError(
    "host-lacks",
    `machine "${name}": krunkit ${versionText(version)} gives a machine at most ` +
      `${OLD_MAX_CPUS} CPUs, not ${cpus}`,
    { hint: `${UPGRADE_LINE}, or give it fewer CPUs.` },
  );
}

function mebibytes({ name, memoryBytes }: Machine): string {
  const mib = memoryBytes / MIB;
  if (!Number.isSafeInteger(mib) || mib <= 0) {
    throw new CocoonError(
      "usage",
      `machine "${name}": ${memoryBytes} bytes of memory are no whole number of MiB`,
      { hint: `Give it ${Math.max(1, Math.round(mib))}M.` },
    );
  }
  if (mib > MAX_MEMORY_MIB) {
    throw new CocoonError(
      "usage",
      `machine "${name}": krunkit gives a machine at most ${MAX_MEMORY_MIB} MiB, not ${mib} MiB`,
      { hint: `Give it ${MAX_MEMORY_MIB}M or less.` },
    );
  }
  return String(mib);
}

/** krunkit wants all three words, and then ignores them: its firmware keeps no variables. */
function bootLoader(boot: Boot): string {
  if (boot.kind === "efi") {
    return option("efi", { "variable-store": boot.variableStorePath, create: true });
  }
  throw new CocoonError("usage", `krunkit cannot boot this way: ${boot.kind}`, {
    hint: "Boot from a disk image (EFI), or choose another backend.",
  });
}

/** The first disk is the one that is booted. A seed is found by its label; it can be written to. */
function disk({ path, format, role, readOnly, bus = "virtio" }: Disk): string {
  if (bus !== "virtio") {
    throw new CocoonError("usage", `disk ${path}: krunkit has no ${bus} disks`, {
      hint: "Use bus=virtio.",
    });
  }
  if (readOnly && role !== "seed") {
    throw new CocoonError("usage", `disk ${path}: krunkit cannot keep a guest from writing to it`, {
      hint: "Give the machine a copy of it, or choose another backend.",
    });
  }
  return option("virtio-blk", { path, format });
}

function optionalArguments(settings: KrunkitSettings, version: Version): string[] {
  const { firmware, nested, timesync_port } = settings;
  for (const [key, value] of Object.entries({ firmware, timesync_port })) {
    if (value === undefined || isAtLeast(version, TIMESYNC_VERSION)) continue;
    throw new CocoonError(
      "host-lacks",
      `krunkit ${versionText(version)} knows nothing of \`${key}\` in [backends.krunkit]`,
      { hint: `${UPGRADE_LINE}, or remove it.` },
    );
  }
  return [
    ...(nested ? ["--nested"] : []),
    ...(firmware === undefined ? [] : ["--firmware-path", firmware]),
    ...(timesync_port === undefined ? [] : ["--timesync", `vsockPort=${timesync_port}`]),
  ];
}
