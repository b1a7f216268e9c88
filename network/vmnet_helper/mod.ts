/**
 * Network provider `vmnet-helper`: networks that macOS itself makes (vmnet), on which guests reach
 * each other, have addresses that the Mac reaches, and can be in a subnet of the user's choice or in
 * the LAN. A helper beside each hypervisor moves its frames; vmnet is the switch between them.
 */
import { CocoonError } from "../../errors/error.ts";
import { join } from "../../host/path.ts";
import type {
  Attachment,
  AttachmentKind,
  AttachRequest,
  AttachResult,
  NetworkProvider,
  PlannedProcess,
} from "../../plugins/contract.ts";
import { type VmnetSettings, vmnetSettings } from "./settings.ts";
import { readState, storedState } from "./state.ts";

/** Milliseconds until the interface is up; on a conflict of subnets vmnet never answers. */
const READY_TIMEOUT_MS = 15_000;

const provider: NetworkProvider = {
  kind: "network",
  name: "vmnet-helper",
  summary: "networks of macOS itself: shared, host-only or bridged; guests reach each other",
  settingsSchema: vmnetSettings,
  attachmentKinds: (_host, settings) => kindsOf(vmnetSettings.read(settings)),
  // The guest's own address leads to all of its ports.
  forwardsPorts: false,
  async check(host, settings) {
    const { checkVmnet } = await import("./check.ts");
    return await checkVmnet(host, vmnetSettings.read(settings));
  },
  attach,
  async configure(_host, _nic, stored) {
    const state = readState(stored);
    if (state === undefined) return;
    const { checkSubnet } = await import("./addressing.ts");
    const { parseReadyLine } = await import("./ready_line.ts");
    checkSubnet(state, parseReadyLine(await Deno.readTextFile(state.outputPath)));
  },
  async detach(host, stored) {
    const state = readState(stored);
    if (state === undefined) return;
    const { endStrays } = await import("../strays.ts");
    await endStrays(host, state.interfaceId);
    if (state.socketPath !== undefined) await removeIfThere(lockOf(state.socketPath));
  },
  async address(host, _nic, stored) {
    const state = readState(stored);
    if (state === undefined) return undefined;
    const { appleAddress, reachedAt } = await import("../apple_address.ts");
    return state.ip === undefined ? await appleAddress(host, state) : reachedAt(state.ip);
  },
};

export default provider;

async function attach(request: AttachRequest): Promise<AttachResult> {
  const { host, machine, nic, dirs, dryRun, signal } = request;
  signal.throwIfAborted();
  const settings = vmnetSettings.read(request.settings);
  const kind = chooseKind(request, settings);
  const { requireHelper, requireSudo } = await import("./program.ts");
  const helper = await requireHelper(host, settings);
  if (settings.interface !== undefined) {
    const { requireInterface } = await import("./interfaces.ts");
    await requireInterface(host, helper, nic.network, settings.interface);
  }
  const { helperArguments, interfaceIdOf } = await import("./arguments.ts");
  const interfaceId = await interfaceIdOf(machine.uuid, nic.index);
  const link = `vmnet${nic.index}`;
  const socketPath = kind === "dgram-fd" ? undefined : join(dirs.run, `vmnet${nic.index}.sock`);
  const outputPath = join(dirs.run, `vmnet${nic.index}.json`);
  const plug = socketPath === undefined ? { fd: 0 } : { socketPath };
  const program = [helper.path, ...helperArguments(settings, interfaceId, plug)];
  const asRoot = helper.asRoot ? await sudoOf(request, () => requireSudo(host, helper)) : [];
  const { addressing } = await import("./addressing.ts");
  const { guest, state } = addressing(request, settings);
  // The helper's own removal of a socket comes after its line: an old one would look like a new one.
  if (socketPath !== undefined && !dryRun) await removeIfThere(socketPath);
  const [first = helper.path, ...rest] = [...asRoot, ...program];
  const companion: PlannedProcess = {
    role: `vmnet-helper${nic.index}`,
    argv: [first, ...rest],
    env: {},
    logPath: join(dirs.data, `vmnet-helper${nic.index}.log`),
    outputPath,
    links: socketPath === undefined ? [{ link, fd: 0 }] : [],
    ready: {
      paths: socketPath === undefined ? [] : [socketPath],
      line: true,
      timeoutMs: READY_TIMEOUT_MS,
      hint: lateHint(settings),
    },
  };
  const attachment: Attachment = socketPath === undefined
    ? { kind: "dgram-fd", link }
    : { kind: kind === "dgram-path-offload" ? kind : "dgram-path", path: socketPath };
  return {
    attachment,
    state: storedState({
      ...{ network: nic.network, interfaceId, outputPath, mac: nic.mac, name: machine.name },
      ...(socketPath === undefined ? {} : { socketPath }),
      ...state,
    }),
    companions: [companion],
    links: socketPath === undefined ? [{ name: link, kind: "datagram-pair" }] : [],
    ...(guest === undefined ? {} : { guest }),
  };
}

/** The way to sudo; a dry run takes it for granted that it will not ask. */
async function sudoOf(
  { host, dryRun }: AttachRequest,
  require: () => Promise<string>,
): Promise<string[]> {
  const sudo = dryRun ? host.which("sudo") ?? "sudo" : await require();
  return [sudo, "--non-interactive"];
}

/** The kinds that can be given, the best first. */
function kindsOf(
  { offload, transport }: VmnetSettings,
): ("dgram-fd" | "dgram-path" | "dgram-path-offload")[] {
  if (offload) return ["dgram-path-offload"];
  if (transport === "auto") return ["dgram-fd", "dgram-path"];
  return [transport === "fd" ? "dgram-fd" : "dgram-path"];
}

/** As the hypervisor likes it best. */
function chooseKind(
  { accepts, nic }: AttachRequest,
  settings: VmnetSettings,
): AttachmentKind {
  const kinds = kindsOf(settings);
  const kind = accepts.find((accepted) => kinds.some((given) => given === accepted));
  if (kind !== undefined) return kind;
  throw new CocoonError(
    "usage",
    `network "${nic.network}": the backend takes no ${kinds.join(" and no ")} attachment`,
    {
      hint: settings.offload
        ? "Turn `offload` of the network off, or choose the backend krunkit."
        : "Choose another backend or another network provider.",
    },
  );
}

function lateHint({ subnet, broker_network }: VmnetSettings): string {
  if (broker_network !== undefined) return "Is vmnet-broker there, and does it have that network?";
  if (subnet === undefined) {
    return "Internet Sharing, or another program, may have vmnet to itself.";
  }
  return `Another network may have ${subnet} in another mode, or a part of it (socket_vmnet has ` +
    "192.168.105.0/24): choose another `subnet`.";
}

/** As vmnet-helper names it. */
function lockOf(socketPath: string): string {
  return `${socketPath}.lock`;
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
