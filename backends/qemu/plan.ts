import { join } from "../../host/path.ts";
import type { LaunchPlan, PlannedFile, PlanRequest } from "../../plugins/contract.ts";
import { machineArguments, runPaths } from "./arguments.ts";
import { planNics } from "./nic_arguments.ts";
import { type QemuProbe, readProbe } from "./probe_result.ts";
import { readSettings } from "./settings.ts";

/**
 * Milliseconds until QMP must say that the machine runs. QEMU needs less than a second; this is
 * for computers where many machines start at once.
 */
const READY_TIMEOUT_MS = 30_000;

/**
 * What a start of the machine will do. Pure.
 * @throws {CocoonError} `usage` or `host-lacks` for what QEMU, or this version of it, can't do
 */
export function planMachine(request: PlanRequest): LaunchPlan {
  const { machine, dirs } = request;
  const probe = readProbe(request.probe);
  const settings = readSettings(request.settings);
  const paths = runPaths(dirs);
  const nics = planNics(request, probe.version);
  // The process keeps its pid: nsenter replaces itself by QEMU.
  const program: [string, ...string[]] = nics.namespacePath === undefined
    ? [probe.program]
    : ["nsenter", `--net=${nics.namespacePath}`, "--", probe.program];
  return {
    processes: [{
      role: "hypervisor",
      argv: [
        ...program,
        ...machineArguments(machine, probe, settings, paths),
        ...nics.argv,
        ...settings.extra_args,
      ],
      env: {},
      logPath: join(dirs.data, "hypervisor.log"),
      links: nics.links,
    }],
    links: [],
    files: variableStore(request, probe),
    console: { kind: "socket", path: paths.consoleSocket, loggedBy: "hypervisor" },
    consoleLogPath: paths.consoleLog,
    control: { socketPath: paths.qmpSocket },
    readyTimeoutMs: READY_TIMEOUT_MS,
  };
}

function variableStore({ machine: { boot } }: PlanRequest, probe: QemuProbe): PlannedFile[] {
  if (boot.kind !== "efi" || probe.firmware === undefined) return [];
  return [{
    path: boot.variableStorePath,
    source: { copyOf: probe.firmware.vars },
    onlyIfAbsent: true,
  }];
}
