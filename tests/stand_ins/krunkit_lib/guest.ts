/** What runs inside of a machine: a guest in QEMU, or a played one. */
import { collect, spawnQemu } from "../mac_lib/qemu_process.ts";
import { Monitor } from "../vfkit_lib/guest/monitor.ts";
import { playedGuest } from "../vfkit_lib/guest/played.ts";
import { qemuProgram } from "../vfkit_lib/guest/qemu_arguments.ts";
import { setCloseOnExec } from "../vfkit_lib/libc.ts";
import type { CommandLine } from "./command_line.ts";
import type { NetDevice } from "./devices.ts";
import type { StandInOptions } from "./environment.ts";
import { plug } from "./net.ts";
import { qemuArguments } from "./qemu_arguments.ts";

/** A guest. */
export interface Guest {
  /** Resolves when it executes; rejects when the machine cannot be made. */
  start(): Promise<void>;
  pressPowerButton(): void;
  /** `off`: it powered itself off or rebooted, which is the same here; `lost`: it crashed. */
  readonly ended: Promise<"off" | "lost">;
}

export function guestOf(line: CommandLine, options: StandInOptions): Guest {
  if (!options.withoutGuest) return qemuGuest(line, options);
  return playedGuest({ offAfterMs: options.guestOffMs, ignoreStop: options.ignoreStop });
}

/** Milliseconds that QEMU may take to greet, on a computer with a lot to do. */
const GREETING_MS = 60_000;

function qemuGuest(line: CommandLine, options: StandInOptions): Guest {
  const { promise: ended, resolve: end } = Promise.withResolvers<"off" | "lost">();
  let monitor: Monitor | undefined;
  let byItself = false;
  return {
    ended,
    async start() {
      const child = spawn(line, options);
      monitor = new Monitor(child, ({ event, data }) => {
        if (event === "SHUTDOWN" && data?.["guest"] === true) byItself = true;
      });
      const said = collect(child.stderr, options.qemuLogPath);
      Promise.all([child.status, monitor.closed]).then(([status]) => {
        end(byItself && status.success ? "off" : "lost");
      });
      const killer = setTimeout(() => child.kill("SIGKILL"), GREETING_MS);
      try {
        await monitor.open();
      } catch {
        const { code } = await child.status;
        throw new Error(`QEMU ended with status ${code}: ${await said}`);
      } finally {
        clearTimeout(killer);
      }
    },
    pressPowerButton() {
      // It may have ended meanwhile, which `ended` tells.
      if (!options.ignoreStop) monitor?.execute("system_powerdown").catch(() => {});
    },
  };
}

/**
 * Descriptors that are not close-on-exec reach QEMU under their own numbers: the cards' sockets,
 * and nothing else that we were given. The kernel kills it when we die.
 */
function spawn(line: CommandLine, options: StandInOptions): Deno.ChildProcess {
  const netdevs = new Map<NetDevice, string>();
  const sockets = new Set<number>();
  for (const device of line.devices) {
    if (device.kind !== "virtio-net") continue;
    const { netdev, fd } = plug(device, netdevs.size, options);
    netdevs.set(device, netdev);
    if (fd !== undefined) sockets.add(fd);
  }
  for (const fd of options.inherited) if (!sockets.has(fd)) setCloseOnExec(fd);
  const argv = [
    qemuProgram(options.appleSilicon),
    ...qemuArguments(line, netdevs, options.appleSilicon),
  ];
  return spawnQemu(argv, options.qemuLogPath);
}
