import type { Backend, JsonObject, NetworkProvider } from "../plugins/contract.ts";
import { createRegistry } from "../plugins/registry.ts";
import type { LaunchSettings, MachineRecord } from "../state/machine_record.ts";

/** The backend of a machine, built in or the user's. */
export async function backendOf(record: MachineRecord): Promise<Backend> {
  return await createRegistry(record.launch.plugins).backend(record.spec.backend);
}

/** The provider of each NIC, with the settings of its network. */
export async function providersOf(
  launch: LaunchSettings,
): Promise<{ provider: NetworkProvider; settings: JsonObject }[]> {
  const registry = createRegistry(launch.plugins);
  return await Promise.all(
    launch.networks.map(async ({ provider, settings }) => ({
      provider: await registry.network(provider),
      settings,
    })),
  );
}
