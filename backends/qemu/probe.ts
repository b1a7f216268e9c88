import { CocoonError, messageOf } from "../../errors/error.ts";
import type { Host, JsonObject, Machine, Probe } from "../../plugins/contract.ts";
import { chooseAccelerator } from "./accelerator.ts";
import { findFirmware } from "./firmware.ts";
import { requireProgram } from "./program.ts";
import { readSettings } from "./settings.ts";

/** The host's kernel side of virtio-vsock. */
const VSOCK_DEVICE = "/dev/vhost-vsock";

/**
 * Finds all that a machine's plan needs, in the shape that `readProbe` reads.
 * @throws {CocoonError} `host-lacks` or `usage`
 */
export async function probeMachine(
  host: Host,
  machine: Machine,
  table: JsonObject,
): Promise<Probe> {
  const settings = readSettings(table);
  const program = await requireProgram(host, machine.architecture, settings);
  const firmware = machine.boot.kind !== "efi" ? undefined : findFirmware({
    host,
    architecture: machine.architecture,
    settings,
    program: program.path,
    storePath: machine.boot.variableStorePath,
  });
  if (machine.devices.vsock) requireVsock(VSOCK_DEVICE);
  const { accelerator } = await chooseAccelerator(host, machine.architecture, program, settings);
  return {
    program: program.path,
    version: program.version,
    sandbox: program.sandbox,
    accelerator,
    ...(firmware === undefined ? {} : { firmware: { ...firmware } }),
  };
}

/**
 * @param path replaced in tests
 * @throws {CocoonError} `host-lacks` when QEMU could not give a guest a vsock device
 */
export function requireVsock(path: string): void {
  try {
    Deno.openSync(path, { read: true, write: true }).close();
  } catch (error) {
    const missing = error instanceof Deno.errors.NotFound;
    throw new CocoonError(
      "host-lacks",
      missing ? `qemu: vsock: there is no ${path}` : `qemu: vsock: ${path}: ${messageOf(error)}`,
      {
        hint: missing ? "sudo modprobe vhost_vsock" : 'sudo usermod -aG kvm "$USER", log in again',
        cause: error,
      },
    );
  }
}
