/** A real guest, in QEMU. */
import { collect, spawnQemu } from "../../mac_lib/qemu_process.ts";
import { internalError } from "../apple.ts";
import type { VmConfig } from "../config.ts";
import type { NetDevice, SerialDevice } from "../devices/device.ts";
import type { StandInOptions } from "../environment.ts";
import { type Hardware, keepFromGuest } from "../framework/hardware.ts";
import { print } from "../log.ts";
import type { Guest } from "./guest.ts";
import { Holds } from "./holds.ts";
import { Monitor } from "./monitor.ts";
import { type NatPort, openNatPort } from "./nat.ts";
import { type Plugs, qemuArguments, qemuProgram } from "./qemu_arguments.ts";
import { relayPty, relayStdio } from "./serial.ts";

/** Milliseconds that QEMU may take to greet, on a computer with a lot to do. */
const GREETING_MS = 60_000;

export function qemuGuest(config: VmConfig, hardware: Hardware, options: StandInOptions): Guest {
  const { promise: ended, resolve: end } = Promise.withResolvers<"off" | "lost">();
  let child: Deno.ChildProcess | undefined;
  let monitor: Monitor | undefined;
  let poweredOff = false;
  const command = async (name: string) => {
    try {
      await monitor?.execute(name);
    } catch {
      // It has ended meanwhile, which `ended` tells.
    }
  };
  const holds = new Holds((goOn) => command(goOn ? "cont" : "stop"));
  return {
    ended,
    async start() {
      const plugs = await openPlugs(config, hardware, options, holds);
      child = spawn(config, hardware, plugs, options);
      monitor = new Monitor(child, ({ event, data }) => {
        if (event === "SHUTDOWN" && data?.["reason"] === "guest-shutdown") poweredOff = true;
      });
      const said = collect(child.stderr, options.qemuLogPath);
      const { closed } = monitor;
      Promise.all([child.status, closed]).then(([status]) => {
        end(poweredOff && status.success ? "off" : "lost");
      });
      const killer = setTimeout(() => kill(child), GREETING_MS);
      try {
        await monitor.open();
      } catch {
        const { code } = await child.status;
        print(`stand-in: QEMU ended with status ${code}: ${await said}\n`);
        throw internalError("The virtual machine failed to start.");
      } finally {
        clearTimeout(killer);
      }
    },
    pressPowerButton() {
      if (!options.ignoreStop) command("system_powerdown");
    },
    pause: () => holds.set("paused", true),
    resume: () => holds.set("paused", false),
    cutPower: () => kill(child),
  };
}

/** SIGKILL; one that has ended already is no error. */
function kill(child: Deno.ChildProcess | undefined): void {
  try {
    child?.kill("SIGKILL");
  } catch (error) {
    if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function openPlugs(
  config: VmConfig,
  hardware: Hardware,
  options: StandInOptions,
  holds: Holds,
): Promise<Plugs> {
  const nat = new Map<NetDevice, NatPort>();
  const serial = new Map<SerialDevice, number>();
  for (const device of config.devices) {
    if (device.kind === "virtioserial") {
      const pty = hardware.ptys.get(device);
      const hold = (held: boolean) => void holds.set(`${pty?.path} is full`, held);
      if (pty !== undefined) serial.set(device, await relayPty(pty, hold));
      else if (device.stdio) serial.set(device, relayStdio());
    } else if (device.kind === "virtionet" && device.nat) {
      nat.set(device, await openNatPort(device, nat.size, options));
    }
  }
  return { nat, serial };
}

/**
 * Descriptors that are not close-on-exec reach QEMU under their own numbers.
 */
function spawn(
  config: VmConfig,
  hardware: Hardware,
  plugs: Plugs,
  { mac, inherited, qemuLogPath }: StandInOptions,
): Deno.ChildProcess {
  keepFromGuest(inherited, hardware);
  const argv = [
    qemuProgram(mac.appleSilicon),
    ...qemuArguments(config, hardware, plugs, mac.appleSilicon),
  ];
  return spawnQemu(argv, qemuLogPath);
}
