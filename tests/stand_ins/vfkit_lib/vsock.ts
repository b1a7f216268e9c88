/**
 * Host ends of vsock devices. There is no vsock device in the guest (`/dev/vhost-vsock` is rare in
 * containers), so a connection is closed at once, as when nothing listens in the guest.
 */
import type { Device } from "./devices/device.ts";
import { onExit, removeFile } from "./exit_handlers.ts";
import { errnoText } from "./go/path_error.ts";
import * as log from "./log.ts";

/** Makes the sockets of devices with `connect`; called when the machine runs. */
export function exposeVsocks(devices: readonly Device[]): void {
  for (const device of devices) {
    if (device.kind !== "virtiosock" || device.socketPath === "") continue;
    const { port, socketPath, listen } = device;
    log.info(`Exposing vsock port ${port} on ${socketPath}${listen ? " (listening)" : ""}`);
    if (listen) continue;
    // vfkit makes an address of the path, and forgets to decode it again.
    const path = encodeURI(socketPath);
    try {
      hangUp(Deno.listen({ transport: "unix", path }));
      onExit(() => removeFile(path));
    } catch (error) {
      const why = errnoText(error);
      log.warning(`error exposing vsock port ${port}: listen unix ${path}: bind: ${why}`);
    }
  }
}

async function hangUp(listener: Deno.UnixListener): Promise<void> {
  for await (const connection of listener) connection.close();
}
