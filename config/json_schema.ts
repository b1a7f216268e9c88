import { toJsonSchema } from "@valibot/to-json-schema";
import type { JsonObject, SettingsSchema } from "../plugins/contract.ts";
import type { Registry } from "../plugins/registry.ts";
import { FILE_SCHEMA } from "./schema.ts";
import type { Config } from "./types.ts";

/**
 * The JSON Schema (draft-07) of the configuration file, for editors: with the settings of every
 * backend, and those of each network by the provider that its table names.
 */
export async function configJsonSchema(config: Config, registry: Registry): Promise<JsonObject> {
  // What the file holds, not what cocoon makes of it: "2G" and not bytes.
  // The library's result is plain data.
  const schema = toJsonSchema(FILE_SCHEMA, { typeMode: "input" }) as JsonObject;
  const properties = objectIn(schema, "properties");
  const backends = objectIn(properties, "backends");
  backends["properties"] = await schemasOf(registry.names("backend"), async (name) => {
    const { summary, settingsSchema } = await registry.backend(name);
    return { description: summary, ...tableSchema(settingsSchema) };
  });
  backends["additionalProperties"] = false;
  const networks = objectIn(properties, "networks");
  const providers = await schemasOf(registry.names("network"), async (name) => {
    const { settingsSchema } = await registry.network(name);
    return tableSchema(settingsSchema, { provider: { const: name } });
  });
  networks["additionalProperties"] = { anyOf: Object.values(providers) };
  networks["properties"] = Object.fromEntries(
    Object.keys(config.networks).filter((name) => Object.hasOwn(providers, name))
      .map((name) => [name, providers[name] ?? {}]),
  );
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "cocoon's configuration",
    ...schema,
  };
}

async function schemasOf(
  names: readonly string[],
  make: (name: string) => Promise<JsonObject>,
): Promise<{ [name: string]: JsonObject }> {
  const schemas: { [name: string]: JsonObject } = {};
  for (const name of names) schemas[name] = await make(name);
  return schemas;
}

function tableSchema({ keys }: SettingsSchema, extra: JsonObject = {}): JsonObject {
  const own = Object.entries(keys).map(([key, { description, schema }]) => [
    key,
    { description, ...schema },
  ]);
  return {
    type: "object",
    properties: { ...extra, ...Object.fromEntries(own) },
    additionalProperties: false,
  };
}

/** The object at a key; made if there is none. */
function objectIn(parent: JsonObject, key: string): JsonObject {
  const value = parent[key];
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  const made: JsonObject = {};
  parent[key] = made;
  return made;
}
