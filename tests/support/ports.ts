/** Ports of the loopback address, for tests that need one of their own. */

/** A port that is free now; whoever listens on it next has it. */
export function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Whether a port can be listened on. */
export function isPortFree(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return true;
  } catch {
    return false;
  }
}

/** Ports below those that the system gives to connections (from 32768 on Linux). */
const [FIRST_OWN, LAST_OWN, OWN_COUNT] = [24_000, 31_999, 20];

/**
 * A range for `ssh_ports` that hardly any other test has at the same time: for tests that expect a
 * machine to have its port again after it was off.
 */
export function ownSshPorts(): string {
  const ranges = Math.floor((LAST_OWN - FIRST_OWN) / OWN_COUNT);
  const random = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  const first = FIRST_OWN + (random % ranges) * OWN_COUNT;
  return `${first}-${first + OWN_COUNT - 1}`;
}

/** Gives a home such a range; it has no other configuration. */
export async function giveOwnSshPorts(home: { path: string }): Promise<void> {
  const table = `[networks.nat]\nssh_ports = "${ownSshPorts()}"\n`;
  await Deno.writeTextFile(`${home.path}/config.toml`, table);
}
