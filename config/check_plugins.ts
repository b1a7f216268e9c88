import { CocoonError } from "../errors/error.ts";
import { didYouMean } from "../errors/suggest.ts";
import type { Registry } from "../plugins/registry.ts";
import { byPosition } from "./mistakes.ts";
import { backendSettings, networkSettings, networkTable, withPosition } from "./plugin_settings.ts";
import type { Config } from "./types.ts";

/**
 * Everything about plugins that is wrong in a configuration whose own keys are right: names that
 * nothing has, plugins that cannot be loaded, settings that their plugins do not take. Loads
 * every plugin that the configuration names.
 */
export async function checkPlugins(config: Config, registry: Registry): Promise<CocoonError[]> {
  const checks: [path: string[], check: () => unknown][] = [
    [["backend"], () => registry.backend(config.backend)],
    [["network"], () => networkTable(config, config.network)],
    [["storage"], () => config.storage === "auto" || registry.storage(config.storage)],
    ...Object.entries(config.plugins).map(([name, { kind }]): typeof checks[number] => [
      ["plugins", name, "path"],
      () => registry[kind](name),
    ]),
    ...Object.keys(config.backends).map((name): typeof checks[number] => [
      ["backends", name],
      () => checkBackend(config, registry, name),
    ]),
    ...Object.entries(config.networks).map(([name, { provider }]): typeof checks[number] => [
      ["networks", name, "provider"],
      async () => networkSettings(config, name, await registry.network(provider)),
    ]),
  ];
  const errors: CocoonError[] = [];
  for (const [path, check] of checks) {
    try {
      await check();
    } catch (error) {
      errors.push(await withPosition(config, path, error));
    }
  }
  // A plugin that cannot be loaded is met once by its own table and again by each use of it.
  const seen = new Set<string>();
  return errors.filter(({ message }) => !seen.has(message) && seen.add(message)).sort(byPosition);
}

async function checkBackend(config: Config, registry: Registry, name: string): Promise<void> {
  const names = registry.names("backend");
  if (!names.includes(name)) {
    const near = didYouMean(name, names);
    throw new CocoonError("usage", `settings for the unknown backend "${name}"${near}`);
  }
  await backendSettings(config, await registry.backend(name));
}
