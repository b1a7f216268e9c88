import { absolute } from "../../host/path.ts";
import { backendSettings, networkSettings, networkTable } from "../../config/plugin_settings.ts";
import type { Config } from "../../config/types.ts";
import { createRegistry, type Registry, type UserPlugin } from "../../plugins/registry.ts";
import type { LaunchSettings, MachineSpec } from "../../state/machine_record.ts";

/** All plugins that the configuration knows. */
export function registryOf(config: Config): Registry {
  return createRegistry(userPlugins(config));
}

function userPlugins(config: Config): UserPlugin[] {
  return Object.entries(config.plugins)
    .map(([name, { kind, path }]) => ({ name, kind, path: absolute(path) }));
}

/**
 * What today's configuration says of the backend and the networks of a machine.
 * @throws {CocoonError} `usage` for an unknown plugin or network and for mistaken settings
 */
export async function launchSettings(
  config: Config,
  spec: Pick<MachineSpec, "backend" | "networks">,
): Promise<LaunchSettings> {
  const registry = registryOf(config);
  const backend = await registry.backend(spec.backend);
  return {
    backend: await backendSettings(config, backend),
    networks: await Promise.all(spec.networks.map(async ({ network }) => {
      const { provider: name } = networkTable(config, network);
      const provider = await registry.network(name);
      return { provider: name, settings: await networkSettings(config, network, provider) };
    })),
    plugins: userPlugins(config),
  };
}
