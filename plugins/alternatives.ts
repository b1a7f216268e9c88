/** What could be chosen instead of what was refused: every plugin that works here, as data. */
import type { HostFacts, JsonObject, NetworkProvider, SettingsSchema } from "./contract.ts";
import type { Alternatives, NetworkOffer } from "./refusals.ts";
import type { Registry } from "./registry.ts";

/** The parts of the configuration that plugins are asked with. */
export interface PluginTables {
  /** Unchecked settings of backends, by backend. */
  backends: Readonly<Record<string, JsonObject>>;
  /** Networks by name, with unchecked settings. */
  networks: Readonly<Record<string, { provider: string; settings: JsonObject }>>;
}

/**
 * Looks for everything that {@linkcode refusals} can offer. Loads every plugin, so it is asked only
 * when something was refused. A plugin that cannot be loaded, or whose settings are wrong, is no
 * alternative and is left out; `cocoon config check` tells why.
 */
export async function findAlternatives(
  registry: Registry,
  host: HostFacts,
  tables: PluginTables,
): Promise<Alternatives> {
  const [backends, storages, networks] = await Promise.all([
    usable(registry.names("backend"), async (name) => {
      const backend = await registry.backend(name);
      requireSystem(backend.systems, host);
      const settings = checked(backend.settingsSchema, tables.backends[name] ?? {});
      return { name, capabilities: backend.capabilities(host, settings) };
    }),
    usable(registry.names("storage"), async (name) => {
      const { format, systems } = await registry.storage(name);
      requireSystem(systems, host);
      return { name, format };
    }),
    usable(Object.entries(tables.networks), async ([name, { provider, settings }]) => {
      return networkOffer(name, await registry.network(provider), host, settings);
    }),
  ]);
  return { backends, storages, networks };
}

/**
 * A network with its provider, as data.
 * @param name of the network
 * @param table its settings; checked here
 * @throws {TypeError} when the provider refuses the settings
 */
export function networkOffer(
  name: string,
  provider: NetworkProvider,
  host: HostFacts,
  table: JsonObject,
): NetworkOffer {
  const settings = checked(provider.settingsSchema, table);
  return {
    name,
    provider: provider.name,
    attachmentKinds: provider.attachmentKinds(host, settings),
    forwardsPorts: provider.forwardsPorts,
    ...(provider.forwardingKinds === undefined
      ? {}
      : { forwardingKinds: provider.forwardingKinds }),
    givesNoCard: provider.givesNoCard ?? false,
  };
}

function requireSystem(systems: readonly string[] | undefined, { os }: HostFacts): void {
  if (systems?.includes(os) === false) throw new TypeError(`it does not run on ${os}`);
}

function checked(schema: SettingsSchema, table: JsonObject): JsonObject {
  const result = schema.parse(table);
  if ("settings" in result) return result.settings;
  throw new TypeError(result.issues.map((issue) => issue.message).join("\n"));
}

/** What can be made of the items, in their order, without those that cannot. */
async function usable<A, B>(items: readonly A[], make: (item: A) => Promise<B>): Promise<B[]> {
  const made = await Promise.allSettled(items.map(make));
  return made.flatMap((result) => result.status === "fulfilled" ? [result.value] : []);
}
