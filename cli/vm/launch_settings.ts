import { absolute } from "../../host/path.ts";
import {
  backendSettings,
  networkSettings,
  networkTable,
  withPosition,
} from "../../config/plugin_settings.ts";
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
  const backend = await placed(config, ["backend"], spec.backend, registry.backend);
  return {
    backend: await backendSettings(config, backend),
    networks: await Promise.all(spec.networks.map(async ({ network }) => {
      const { provider: name } = networkTable(config, network);
      const path = ["networks", network, "provider"];
      const provider = await placed(config, path, name, registry.network);
      return { provider: name, settings: await networkSettings(config, network, provider) };
    })),
    plugins: userPlugins(config),
  };
}

/** Loads a plugin; a failure gets its name's place in the file, if it was chosen there. */
async function placed<T>(
  config: Config,
  path: string[],
  name: string,
  load: (name: string) => Promise<T>,
): Promise<T> {
  try {
    return await load(name);
  } catch (error) {
    // The backend may also come from the machine's own record.
    const elsewhere = path.join(".") === "backend" && config.backend !== name;
    throw elsewhere ? error : await withPosition(config, path, error);
  }
}
