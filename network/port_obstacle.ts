/** Whether a server could listen on a port of this computer now: asked by listening. */

/** Why a port cannot be had. */
export type PortObstacle = "taken" | "denied" | "no-such-address";

/**
 * Tries to listen and stops at once. Another program can take the port before the hypervisor
 * does; that is noticed when the hypervisor starts.
 *
 * UDP is not tried, as Deno has no stable call for it: a taken port is found at the start, too.
 * @returns undefined when the port is free
 */
export function portObstacle(
  protocol: "tcp" | "udp",
  hostname: string,
  port: number,
): PortObstacle | undefined {
  if (protocol === "udp") return undefined;
  try {
    Deno.listen({ hostname, port }).close();
    return undefined;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return "taken";
    if (error instanceof Deno.errors.PermissionDenied) return "denied";
    if (error instanceof Deno.errors.AddrNotAvailable) return "no-such-address";
    throw error;
  }
}
