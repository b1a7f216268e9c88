import { CocoonError, splitErrors } from "../errors/error.ts";
import { didYouMean } from "../errors/suggest.ts";
import type { Backend } from "../plugins/contract.ts";
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
  const checks: Check[] = [
    { path: ["backend"], find: () => registry.backend(config.backend) },
    { path: ["network"], find: () => networkTable(config, config.network) },
    {
      path: ["storage"],
      find: () => config.storage === "auto" || registry.storage(config.storage),
    },
    ...Object.entries(config.plugins).map(([name, { kind }]): Check => ({
      path: ["plugins", name, "path"],
      find: () => registry[kind](name),
    })),
    ...Object.keys(config.backends).map((name) =>
      withSettings(
        ["backends", name],
        () => knownBackend(registry, name),
        (backend) => backendSettings(config, backend),
      )
    ),
    ...Object.entries(config.networks).map(([name, { provider }]) =>
      withSettings(
        ["networks", name, "provider"],
        () => registry.network(provider),
        (plugin) => networkSettings(config, name, plugin),
      )
    ),
  ];
  const errors: CocoonError[] = [];
  for (const { path, find } of checks) {
    try {
      await find();
    } catch (error) {
      // Mistakes of settings have their own places, in the file or the environment.
      const own = error instanceof SettingsError ? error.cause : undefined;
      errors.push(...splitErrors(own ?? await withPosition(config, path, error)));
    }
  }
  // A plugin that cannot be loaded is met once by its own table and again by each use of it.
  const seen = new Set<string>();
  return errors.filter(({ message }) => !seen.has(message) && seen.add(message)).sort(byPosition);
}

/** Something that the configuration names. */
interface Check {
  /** The key that names it. */
  path: string[];
  /** Fails when it is not there, or is wrong. */
  find: () => unknown;
}

/** Tells mistakes of a plugin's settings from those of its name. */
class SettingsError extends Error {
  constructor(override readonly cause: CocoonError) {
    super();
  }
}

function withSettings<P>(
  path: string[],
  find: () => Promise<P>,
  check: (plugin: P) => Promise<unknown>,
): Check {
  return {
    path,
    find: async () => {
      const plugin = await find();
      try {
        await check(plugin);
      } catch (error) {
        throw error instanceof CocoonError ? new SettingsError(error) : error;
      }
    },
  };
}

async function knownBackend(registry: Registry, name: string): Promise<Backend> {
  const names = registry.names("backend");
  if (names.includes(name)) return await registry.backend(name);
  throw new CocoonError(
    "usage",
    `settings for the unknown backend "${name}"${didYouMean(name, names)}`,
    { hint: `Choose one of: ${names.join(", ")}; or add your own as [plugins.${name}].` },
  );
}
