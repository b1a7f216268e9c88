import { CocoonError, joinErrors, messageOf, type SourcePosition } from "../errors/error.ts";
import { didYouMean } from "../errors/suggest.ts";
import type { Backend, JsonObject, NetworkProvider, SettingsSchema } from "../plugins/contract.ts";
import type { Mistake } from "./check.ts";
import { mistakesInFile } from "./mistakes.ts";
import type { Config, NetworkTable } from "./types.ts";

/**
 * The settings of a backend: its table `[backends.NAME]`, checked, with defaults.
 * @throws {CocoonError} `usage` with every mistake of the table and its place in the file
 */
export async function backendSettings(config: Config, backend: Backend): Promise<JsonObject> {
  const table = ownTable(config.backends, backend.name) ?? {};
  return await check(config, backend.settingsSchema, ["backends", backend.name], table);
}

/**
 * The settings of a network: its table `[networks.NAME]`, checked by its provider.
 * @throws {CocoonError} as {@linkcode backendSettings}
 */
export async function networkSettings(
  config: Config,
  name: string,
  provider: NetworkProvider,
): Promise<JsonObject> {
  const { settings } = networkTable(config, name);
  return await check(config, provider.settingsSchema, ["networks", name], settings);
}

/**
 * The network of this name.
 * @throws {CocoonError} `usage` when there is none
 */
export function networkTable(config: Config, name: string): NetworkTable {
  const table = ownTable(config.networks, name);
  if (table !== undefined) return table;
  const names = Object.keys(config.networks);
  throw new CocoonError("usage", `unknown network "${name}"${didYouMean(name, names)}`, {
    hint: `Choose one of: ${names.join(", ")}; or add [networks.${name}] to the configuration.`,
  });
}

/**
 * The same error with the place of what gave the value at `path`: its variable, or its place in the
 * file, if it is there.
 */
export async function withPosition(
  config: Config,
  path: readonly string[],
  error: unknown,
): Promise<CocoonError> {
  const known = error instanceof CocoonError
    ? error
    : new CocoonError("failed", messageOf(error), { cause: error });
  if (known.position !== undefined) return known;
  const origin = config.origins.get(path.join("."));
  if (origin?.kind === "environment") {
    return placed(known, { message: `${origin.variable}: ${known.message}` });
  }
  if (config.file === undefined || (origin !== undefined && origin.kind !== "file")) return known;
  const { PlaceIndex } = await import("./positions.ts");
  const place = new PlaceIndex(config.file.text).find(path, "value");
  return place === undefined
    ? known
    : placed(known, { position: { file: config.file.path, ...place } });
}

function placed(
  error: CocoonError,
  { message = error.message, position }: { message?: string; position?: SourcePosition },
): CocoonError {
  return new CocoonError(error.code, message, {
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(position === undefined ? {} : { position }),
    cause: error,
  });
}

async function check(
  config: Config,
  schema: SettingsSchema,
  section: readonly [string, string],
  table: JsonObject,
): Promise<JsonObject> {
  const result = schema.parse(table);
  if ("settings" in result) return result.settings;
  const variableOf = (path: readonly string[]) => {
    const origin = config.origins.get([...section, ...path].join("."));
    return origin?.kind === "environment" ? origin.variable : undefined;
  };
  const fromEnvironment = result.issues.filter(({ path }) => variableOf(path) !== undefined);
  const rest = result.issues.filter(({ path }) => variableOf(path) === undefined);
  const mistakes = rest.map(({ path, message }): Mistake => {
    const [key = ""] = path;
    const unknown = path.length === 1 && !Object.hasOwn(schema.keys, key);
    return {
      path: [...section, ...path],
      at: unknown ? "key" : "value",
      message: unknown ? message + didYouMean(key, Object.keys(schema.keys)) : message,
    };
  });
  throw joinErrors([
    ...await mistakesInFile(config.file, mistakes),
    ...fromEnvironment.map(({ path, message }) =>
      new CocoonError("usage", `${variableOf(path)}: ${message}`)
    ),
  ]);
}

/** Names of tables come from the user; `constructor` is none unless the file says so. */
function ownTable<T>(tables: Record<string, T>, name: string): T | undefined {
  return Object.hasOwn(tables, name) ? tables[name] : undefined;
}
