/**
 * Network provider `gvproxy`: a network in user space, made by a helper beside the hypervisor
 * (gvisor-tap-vsock; the one of Podman). Needs no privilege. Each card has a gvproxy of its own,
 * because one serves a single hypervisor and ends with it; guests don't see each other.
 */
import { CocoonError } from "../../errors/error.ts";
import { join } from "../../host/path.ts";
import type {
  Attachment,
  AttachRequest,
  AttachResult,
  JsonObject,
  NetworkProvider,
  Nic,
} from "../../plugins/contract.ts";
import { checkSshPorts, LOOPBACK, reserveForward, reserveSshPort } from "../host_ports.ts";
import { checkProgram, gvproxyPath } from "./program.ts";
import { forwardsOf, gvproxySettings } from "./settings.ts";
import { type GvproxyState, readState, storedState } from "./state.ts";

/** Milliseconds until gvproxy listens; it takes 20 on a computer that has time. */
const READY_TIMEOUT_MS = 15_000;

const provider: NetworkProvider = {
  kind: "network",
  name: "gvproxy",
  summary: "outgoing connections, and ports of this computer that come and go; no privilege",
  settingsSchema: gvproxySettings,
  attachmentKinds: () => [...KINDS],
  forwardsPorts: true,
  async check(host, settings) {
    const { program, ssh_ports } = gvproxySettings.read(settings);
    return [await checkProgram(host, program), ...checkSshPorts("network gvproxy", ssh_ports)];
  },
  attach,
  configure: (_host, _nic, state, signal) => configure(state, signal),
  async changeForward(stored, { kind, forward }, signal) {
    const state = readState(stored);
    if (state === undefined) {
      throw new CocoonError("failed", "the card is not attached to a gvproxy");
    }
    const { expose, unexpose } = await import("./forwarder.ts");
    await (kind === "add" ? expose : unexpose)(state, forward, signal);
  },
  async forwards(stored, signal) {
    const state = readState(stored);
    if (state === undefined) return [];
    const { openForwards } = await import("./forwarder.ts");
    const all = await openForwards(state, signal);
    return all.filter(({ protocol, hostPort }) => protocol !== "tcp" || hostPort !== state.sshPort);
  },
  async detach(host, state) {
    const apiSocketPath = readState(state)?.apiSocketPath;
    if (apiSocketPath === undefined) return;
    const { endStrays } = await import("../strays.ts");
    await endStrays(host, `unix://${apiSocketPath}`);
  },
  address(_host, _nic, state) {
    const port = readState(state)?.sshPort;
    return Promise.resolve(port === undefined ? undefined : { ssh: { host: LOOPBACK, port } });
  },
};

export default provider;

async function attach(request: AttachRequest): Promise<AttachResult> {
  const { host, nic, settings, dirs, reservations, dryRun, signal } = request;
  signal.throwIfAborted();
  const { program, ssh_ports } = gvproxySettings.read(settings);
  const socketPath = join(dirs.run, `gv${nic.index}.sock`);
  const { attachment, listen } = plug(request, socketPath);
  const path = gvproxyPath(host, program);
  const own = forwardsOf(nic.forwards, settings);
  for (const forward of own) reserveForward(forward, nic.network, reservations);
  const sshPort = reserveSshPort(ssh_ports, own, reservations);
  const state: GvproxyState = {
    apiSocketPath: join(dirs.run, `gv${nic.index}-api.sock`),
    guestAddress: guestAddressOf(nic),
    network: nic.network,
    sshPort,
    forwards: [
      { protocol: "tcp", hostAddress: LOOPBACK, hostPort: sshPort, guestPort: 22 },
      ...own,
    ],
  };
  // gvproxy does not start on a socket that is there; one that was killed leaves it.
  if (!dryRun) {
    for (const stale of [socketPath, state.apiSocketPath]) {
      await Deno.remove(stale).catch((error) => {
        if (!(error instanceof Deno.errors.NotFound)) throw error;
      });
    }
  }
  return {
    attachment,
    state: storedState(state),
    companions: [{
      role: `gvproxy${nic.index}`,
      // Its own SSH forward is for one guest a computer: every gvproxy would want the same port.
      argv: [path, "-listen", `unix://${state.apiSocketPath}`, ...listen, "-ssh-port", "-1"],
      env: {},
      logPath: join(dirs.data, `gvproxy${nic.index}.log`),
      links: [],
      ready: { paths: [state.apiSocketPath, socketPath], timeoutMs: READY_TIMEOUT_MS },
    }],
    links: [],
  };
}

/**
 * How a hypervisor can be plugged in. gvproxy has datagrams on macOS only ("unsupported 'unixgram'
 * scheme"), and so are the hypervisors that take nothing else, or like it better.
 */
const KINDS = ["stream-path", "dgram-path"] as const;

/** Plugs the hypervisor in as it likes best. */
function plug(
  { accepts, nic }: AttachRequest,
  path: string,
): { attachment: Attachment; listen: string[] } {
  const kind = accepts.find((accepted) => KINDS.some((given) => given === accepted));
  if (kind === "stream-path") {
    return { attachment: { kind, path }, listen: ["-listen-qemu", `unix://${path}`] };
  }
  if (kind === "dgram-path") {
    return { attachment: { kind, path }, listen: ["-listen-vfkit", `unixgram://${path}`] };
  }
  throw new CocoonError(
    "usage",
    `network "${nic.network}": the backend takes no socket of gvproxy's`,
    {
      hint: "Choose another backend or another network provider.",
    },
  );
}

/** The address that gvproxy keeps for one MAC (its cmd/gvproxy/main.go). */
const KEPT = { mac: "5a:94:ef:e4:0c:ee", address: "192.168.127.2" };

/**
 * The address that gvproxy's DHCP server will give: the first that is free, which nobody but the
 * only guest asks for (its pkg/tap/ip_pool.go).
 */
function guestAddressOf({ mac }: Nic): string {
  return mac === KEPT.mac ? KEPT.address : "192.168.127.3";
}

/** Adds the forwards; gvproxy has no option for them. */
async function configure(stored: JsonObject, signal: AbortSignal): Promise<void> {
  const state = readState(stored);
  if (state === undefined) return;
  const { expose } = await import("./forwarder.ts");
  for (const forward of state.forwards) {
    try {
      await expose(state, forward, signal);
    } catch (error) {
      if (!(error instanceof CocoonError)) throw error;
      throw new CocoonError(error.code, `network "${state.network}": ${error.message}`, {
        ...(error.hint === undefined ? {} : { hint: error.hint }),
        cause: error,
      });
    }
  }
}
