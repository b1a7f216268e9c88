/** From the hardware to the end of the machine. */
import type { VmConfig } from "./config.ts";
import { IGNITION_PORT } from "./config.ts";
import type { Device } from "./devices/device.ts";
import type { StandInOptions } from "./environment.ts";
import { onExit } from "./exit_handlers.ts";
import type { Hardware } from "./framework/hardware.ts";
import type { Guest } from "./guest/guest.ts";
import { playedGuest } from "./guest/played.ts";
import { qemuGuest } from "./guest/qemu.ts";
import { inspect } from "./inspect.ts";
import { handleSignals, runToEnd } from "./lifecycle.ts";
import * as log from "./log.ts";
import { Machine } from "./machine.ts";
import { serve } from "./rest.ts";
import type { RestAddress } from "./rest_uri.ts";
import { exposeVsocks } from "./vsock.ts";

/** @throws {VfkitError} */
export async function runMachine(
  config: VmConfig,
  hardware: Hardware,
  rest: RestAddress | undefined,
  options: StandInOptions,
): Promise<void> {
  const machine = new Machine(guestOf(config, hardware, options), options.start);
  /** The terminals' names show once the machine runs. */
  const ptyNames = new Map<Device, string>();
  const connected = new Set<Device>(hardware.netSockets.keys());
  if (rest !== undefined) {
    serve(rest, {
      machine,
      inspect: () => inspect(config, { ptyNames, connected }),
      hardStopAnswers: options.hardStopAnswers,
    });
  }
  handleSignals(machine, options.release);
  if (config.devices.some((device) => device.kind === "virtioserial" && device.stdio)) {
    Deno.stdin.setRaw(true);
    onExit(() => Deno.stdin.setRaw(false));
  }
  if (config.ignitionPath !== undefined) checkIgnition(config.ignitionPath);
  await runToEnd(machine, () => {
    for (const [serial, { path }] of hardware.ptys) ptyNames.set(serial, path);
    exposeVsocks(config.devices);
    if (config.timesyncPort !== undefined) {
      log.info("Setting up host/guest time synchronization");
    }
  });
}

/** macOS guests are played: they run nowhere but on a Mac, and there they ignore a stop. */
function guestOf(config: VmConfig, hardware: Hardware, options: StandInOptions): Guest {
  const macos = config.bootloader.kind === "macos";
  if (!macos && !options.withoutGuest) return qemuGuest(config, hardware, options);
  return playedGuest({
    offAfterMs: options.guestOffMs,
    ignoreStop: options.ignoreStop || macos,
  });
}

/** A missing file is no reason to end: it is served when the guest asks for it. */
function checkIgnition(path: string): void {
  try {
    Deno.statSync(path);
  } catch {
    log.error(
      `ignition server on vsock port ${IGNITION_PORT}: open ${path}: no such file or directory`,
    );
  }
}
