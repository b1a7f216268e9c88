import type { HostFacts } from "../plugins/contract.ts";
import type { Config } from "./types.ts";

const GIB = 1024 ** 3;

/** The backend that a computer's own system is made for. */
const DEFAULT_BACKENDS: Record<HostFacts["os"], string> = { linux: "qemu", darwin: "vfkit" };

/** What holds where neither a flag, nor the environment, nor the file says anything. */
export function defaultConfig(
  { os, architecture }: Pick<HostFacts, "os" | "architecture">,
): Pick<Config, "backend" | "network" | "storage" | "defaults"> {
  return {
    backend: DEFAULT_BACKENDS[os],
    network: "nat",
    storage: "auto",
    defaults: {
      cpus: 2,
      memoryBytes: 1 * GIB,
      diskBytes: 10 * GIB,
      user: "cocoon",
      restart: "no",
      architecture,
      // Most of what systemd gives one service (DefaultTimeoutStopSec is 90 s), shared by all.
      stopTimeoutMs: 60_000,
      // A full cloud image under emulation needs more than a minute to answer SSH.
      waitTimeoutMs: 300_000,
    },
  };
}

/** Networks that exist without a table, by the name of their provider. */
export const IMPLICIT_NETWORKS: readonly string[] = ["nat", "none"];
