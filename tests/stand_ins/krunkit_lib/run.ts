/** From the command line to the end of the machine. */
import { removeFile } from "../vfkit_lib/exit_handlers.ts";
import type { CommandLine } from "./command_line.ts";
import { checkContext } from "./context.ts";
import type { StandInOptions } from "./environment.ts";
import { KrunkitError } from "./error.ts";
import { type Guest, guestOf } from "./guest.ts";
import { type Log, openLog } from "./log.ts";
import { serve } from "./rest.ts";

/**
 * Runs a machine to its end. The REST server answers before the machine has started. Nothing
 * catches a signal: each cuts the guest's power.
 * @throws {KrunkitError}
 */
export async function runMachine(line: CommandLine, options: StandInOptions): Promise<void> {
  const log = openLog(line.krunLogLevel, line.logFile);
  checkContext(line, options);
  if (line.nested) log("DEBUG", "nested virtualization is left out where it is not supported");
  const guest = guestOf(line, options);
  serve(line.rest, () => guest.pressPowerButton());
  const { pidfile } = line;
  if (pidfile !== undefined) Deno.writeTextFileSync(pidfile, String(Deno.pid));
  try {
    await start(guest, line, options, log);
  } catch (error) {
    if (pidfile !== undefined) removeFile(pidfile);
    throw error;
  }
  if (await guest.ended === "lost") throw new KrunkitError("the guest's vCPUs are gone");
}

async function start(
  guest: Guest,
  line: CommandLine,
  { startFails }: StandInOptions,
  log: Log,
): Promise<void> {
  const fail = (why: string) => {
    log("ERROR", `Building the microVM failed: ${why}`);
    return new KrunkitError("unable to begin running krun workload");
  };
  if (startFails === "entitlement") throw fail("Internal(Vm(VmSetup(VmCreate)))");
  if (startFails) throw new KrunkitError("unable to begin running krun workload");
  try {
    for (const device of line.devices) {
      // Disks are opened only now; all of them to be written to.
      if (device.kind === "virtio-blk") {
        Deno.openSync(device.path, { read: true, write: true }).close();
      }
      if (device.kind === "virtio-vsock" && device.action === "connect") expose(device.socketURL);
    }
    await guest.start();
  } catch (error) {
    throw fail(error instanceof Error ? error.message : String(error));
  }
}

/** A socket that leads into the guest, which does not answer; it is left behind at the end. */
function expose(path: string): void {
  const listener = Deno.listen({ transport: "unix", path });
  const hangUp = async () => {
    for await (const connection of listener) connection.close();
  };
  hangUp().catch(() => {});
}
