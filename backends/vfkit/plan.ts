import { CocoonError } from "../../errors/error.ts";
import { join } from "../../host/path.ts";
import { isAtLeast, type Version, versionText } from "../../host/versions.ts";
import type { ConsoleEndpoint, LaunchPlan, Machine, PlanRequest } from "../../plugins/contract.ts";
import { planBoot } from "./boot_arguments.ts";
import { otherDevices } from "./device_arguments.ts";
import { diskDevices } from "./disk_arguments.ts";
import { planNics } from "./nic_arguments.ts";
import { device } from "./option.ts";
import { readProbe } from "./probe.ts";
import { type VfkitSettings, vfkitSettings } from "./settings.ts";
import { TERMINAL_VERSION } from "./version.ts";

const MIB = 1024 ** 2;

/** Milliseconds until the machine must run; vfkit itself gives up 5 s after it has started it. */
const READY_TIMEOUT_MS = 30_000;

/**
 * What a start of the machine will do. Pure.
 * @throws {CocoonError} `usage` or `host-lacks` for what vfkit, or this version of it, can't do
 */
export function planMachine(request: PlanRequest): LaunchPlan {
  const { machine, dirs } = request;
  const { program, version, storeExists } = readProbe(request.probe);
  const settings = vfkitSettings.read(request.settings);
  const consoleLogPath = join(dirs.data, "console.log");
  const socketPath = join(dirs.run, "vfkit.sock");
  const boot = planBoot(machine.boot, dirs, storeExists);
  const nics = planNics(request);
  const terminal = planConsole(version, consoleLogPath);
  const devices = [
    ...diskDevices(machine),
    ...nics.devices,
    terminal.device,
    ...otherDevices(machine, version),
  ];
  return {
    processes: [{
      role: "hypervisor",
      argv: [
        program,
        ...["--cpus", String(machine.cpus)],
        ...["--memory", mebibytes(machine)],
        ...["--bootloader", boot.option],
        ...["--restful-uri", `unix://${urlPath(socketPath)}`],
        ...["--log-level", settings.log_level],
        ...optionalArguments(settings, version),
        ...devices.flatMap((option) => ["--device", option]),
        ...settings.extra_args,
      ],
      env: {},
      logPath: join(dirs.data, "hypervisor.log"),
      links: nics.links,
    }],
    links: [],
    files: boot.files,
    console: terminal.endpoint,
    consoleLogPath,
    control: { socketPath },
    readyTimeoutMs: READY_TIMEOUT_MS,
  };
}

function mebibytes({ name, memoryBytes }: Machine): string {
  const mib = memoryBytes / MIB;
  if (Number.isSafeInteger(mib) && mib > 0) return String(mib);
  throw new CocoonError(
    "usage",
    `machine "${name}": ${memoryBytes} bytes of memory are no whole number of MiB`,
    { hint: `Give it ${Math.max(1, Math.round(mib))}M.` },
  );
}

/** vfkit takes the path out of the URL again, decoded. */
function urlPath(path: string): string {
  return path.split("/").map(encodeURIComponent).join("/");
}

function optionalArguments(settings: VfkitSettings, version: Version): string[] {
  if (settings.nested && !isAtLeast(version, TERMINAL_VERSION)) {
    throw new CocoonError(
      "host-lacks",
      `vfkit ${versionText(version)} has no nested virtualization`,
      { hint: "brew upgrade vfkit, or remove `nested` from [backends.vfkit]" },
    );
  }
  return [
    ...(settings.nested ? ["--nested"] : []),
    ...(settings.timesync_port === undefined
      ? []
      : ["--timesync", `vsockPort=${settings.timesync_port}`]),
  ];
}

/**
 * The console: a terminal, which the supervisor reads all the time (a guest may not even boot while
 * nobody does). Older ones have no terminal: vfkit then writes the log itself, from its beginning
 * at every start, and nothing can be typed.
 */
function planConsole(
  version: Version,
  logPath: string,
): { device: string; endpoint: ConsoleEndpoint } {
  return isAtLeast(version, TERMINAL_VERSION)
    ? {
      device: device("virtio-serial", { pty: true }),
      endpoint: { kind: "pty", loggedBy: "supervisor" },
    }
    : {
      device: device("virtio-serial", { logFilePath: logPath }),
      endpoint: { kind: "log-only", loggedBy: "hypervisor" },
    };
}
