/** Everything behind the command line, in vmnet-helper's order. */
import { write } from "../vfkit_lib/log.ts";
import { connectClient, createSocket, lockSocket, waitForClient } from "./client_socket.ts";
import type { Settings } from "./command_line.ts";
import { DhcpServer } from "./dhcp_server.ts";
import type { StandInOptions } from "./environment.ts";
import { HelperError } from "./error.ts";
import type { VmnetInterface } from "./interface.ts";
import { closeOnExec } from "./libc.ts";
import * as log from "./log.ts";
import { maxFrameBytes, readyLine } from "./ready_line.ts";
import { relay, type RelayEnd, type Stats } from "./relay.ts";
import { Signals } from "./signals.ts";
import { startVmnet } from "./start.ts";
import { newStats, reportStats } from "./stats.ts";

/** The ids of a Mac's first user. */
const USER_ID = 501;
const GROUP_ID = 20;

/** @returns the exit status @throws {HelperError} */
export async function run(settings: Settings, options: StandInOptions): Promise<number> {
  checkSystem(settings, options);
  const signals = new Signals();
  await using onExit = new AsyncDisposableStack();
  if (settings.fd !== undefined) closeOnExec(settings.fd);
  const started = await startVmnet(settings, options);
  onExit.defer(async () => {
    log.debug("[main] stopping vmnet interface");
    await started.stop();
    log.info("[main] stopped vmnet interface");
  });
  write(Deno.stdout, await readyLine(settings, started));
  log.info("[main] started vmnet interface");
  dropPrivileges(options);
  const fd = settings.fd ?? await serveSocket(settings.socket ?? "", options, signals, onExit);
  if (fd === undefined) return 0;
  if (settings.fd !== undefined) log.debug(`[main] using fd ${fd}`);
  const stats = newStats();
  const ended = forward(fd, started, settings, options, stats);
  return await untilTermination(settings, options, stats, signals, ended);
}

function checkSystem(settings: Settings, options: StandInOptions): void {
  const { release, macosVersion, program, root } = options;
  log.info(`[main] running ${program} v${release.text} on macOS ${macosVersion}.0.0`);
  if (settings.network !== undefined && macosVersion < 26) {
    throw new HelperError("[main] --network requires macOS 26 or later");
  }
  log.info(`[main] running as uid: ${root ? 0 : USER_ID} gid: ${root ? 0 : GROUP_ID}`);
  if (release.has("freeAddresses")) log.info("[main] using bulk_forwarding: true");
  else if (macosVersion > 13) log.info("[main] enabling bulk forwarding");
}

/** Only told: this process needs its own to remove the network. */
function dropPrivileges({ root, sudoUid = "0", sudoGid = "0" }: StandInOptions): void {
  if (!root || (sudoUid === "0" && sudoGid === "0")) return;
  log.info(`[main] dropped privileges to uid: ${sudoUid} gid: ${sudoGid}`);
}

/** The connected socket; undefined when a signal came first. */
async function serveSocket(
  path: string,
  options: StandInOptions,
  signals: Signals,
  onExit: AsyncDisposableStack,
): Promise<number | undefined> {
  // The race that a caller has to see: the line is out, and the socket is not there.
  await new Promise((resolve) => setTimeout(resolve, options.socketDelayMs));
  const lock = onExit.use(new DisposableStack());
  lockSocket(path, options, lock);
  const socket = onExit.use(new DisposableStack());
  const fd = createSocket(path, options, socket);
  const came = waitForClient(fd, path);
  const first = await Promise.race([signals.first, came]);
  if (first !== undefined) {
    log.info(`[main] received signal ${first}`);
    return undefined;
  }
  connectClient(fd);
  return fd;
}

function forward(
  fd: number,
  { tap, network }: VmnetInterface,
  settings: Settings,
  options: StandInOptions,
  stats: Stats,
): Promise<RelayEnd> {
  log.info("[main] started host forwarding");
  log.info("[main] started vm forwarding");
  const dhcp = network === undefined ? undefined : new DhcpServer(network, tap.name, options);
  return relay(tap, {
    fd,
    absent: settings.fd !== undefined && !options.inherited.includes(fd),
    maxBytes: maxFrameBytes(settings),
    stats,
    stalled: options.stalled,
    ...(dhcp === undefined ? {} : { dhcp }),
  });
}

async function untilTermination(
  { statsSeconds }: Settings,
  { release, stalled }: StandInOptions,
  stats: Stats,
  signals: Signals,
  ended: Promise<RelayEnd>,
): Promise<number> {
  if (statsSeconds !== undefined) {
    setInterval(() => reportStats(stats), statsSeconds * 1000);
    log.info(`[main] reporting stats every ${statsSeconds} seconds`);
  }
  log.info(release.has("stats") ? "[main] running" : "[main] waiting for termination");
  const end = await Promise.race([signals.first.then((name) => ({ name })), ended]);
  if (typeof end !== "object") {
    log.info("[main] received shutdown event");
    return end === "closed" ? 0 : 1;
  }
  log.info(`[main] received signal ${end.name}`);
  // The stop waits behind a packet that is tried again for ever (vmnet-helper#266).
  if (stalled && !release.has("boundedRetries")) await signals.never();
  return 0;
}
