import type { Config } from "../config/types.ts";
import { createRegistry, type Registry } from "../plugins/registry.ts";

/** The registry with the user's plugins of a configuration; loads none of them. */
export function registryOf(config: Config): Registry {
  return createRegistry(
    Object.entries(config.plugins).map(([name, plugin]) => ({ name, ...plugin })),
  );
}
