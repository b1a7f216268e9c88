import type { Json, JsonObject } from "../plugins/contract.ts";
import { formatPath } from "./check.ts";
import { formatDuration } from "./duration.ts";
import { SETTINGS } from "./settings.ts";
import { writtenImage } from "./image_table.ts";
import { formatExactSize } from "./size.ts";
import type { Config, Defaults } from "./types.ts";

/** One value in force, as the file would have it. */
export interface ShownValue {
  /** Its key, e.g. `defaults.memory`. */
  key: string;
  value: Json;
  origin: ShownOrigin;
}

/** Where a value comes from. */
export interface ShownOrigin {
  kind: "default" | "file" | "environment" | "flag";
  /** The file and the line, for `file`. */
  file?: string;
  line?: number;
  /** The variable, for `environment`. */
  variable?: string;
}

/** Every value in force with its origin; tables of plugins and images follow the settings. */
export async function shownValues(config: Config): Promise<ShownValue[]> {
  const lines = await lineFinder(config);
  const origin = (path: readonly string[]): ShownOrigin => {
    const line = lines(path);
    return line === undefined || config.file === undefined
      ? { kind: "default" }
      : { kind: "file", file: config.file.path, line };
  };
  const settings = SETTINGS.map(({ key, field }): ShownValue => {
    const known = config.origins.get(key) ?? { kind: "default" };
    const value = field.table === "top" ? config[field.name] : shownDefault(config, field.name);
    return { key, value, origin: known.kind === "file" ? origin(key.split(".")) : known };
  });
  const tables: Record<string, Record<string, JsonObject>> = {
    backends: config.backends,
    networks: Object.fromEntries(
      Object.entries(config.networks).map(([name, { provider, settings }]) => [
        name,
        { provider, ...settings },
      ]),
    ),
    plugins: objectsIn(config.plugins),
    images: Object.fromEntries(
      Object.entries(config.images).map(([name, table]) => [name, writtenImage(table)]),
    ),
  };
  const rest = Object.entries(tables).flatMap(([section, entries]) =>
    Object.entries(entries).flatMap(([name, table]) =>
      Object.entries(table).map(([key, value]): ShownValue => {
        const path = [section, name, key];
        const known = config.origins.get(path.join("."));
        return { key: formatPath(path), value, origin: known ?? origin(path) };
      })
    )
  );
  const budget = config.store.imageBudgetBytes;
  const store: ShownValue[] = budget === undefined ? [] : [{
    key: "store.image_budget",
    value: formatExactSize(budget),
    origin: origin(["store", "image_budget"]),
  }];
  return [...settings, ...rest, ...store];
}

/** Copies, because an interface is no table to the compiler and its copy is. */
function objectsIn<T extends { [K in keyof T]: Json }>(
  tables: Record<string, T>,
): Record<string, JsonObject> {
  return Object.fromEntries(Object.entries(tables).map(([name, table]) => [name, { ...table }]));
}

/** An origin in words. */
export function formatOrigin(origin: ShownOrigin): string {
  if (origin.file !== undefined) return `${origin.file}:${origin.line}`;
  return origin.variable ?? origin.kind;
}

function shownDefault({ defaults }: Config, name: keyof Defaults): string | number {
  const value = defaults[name];
  if (typeof value === "string") return value;
  if (name.endsWith("Bytes")) return formatExactSize(value);
  return name.endsWith("Ms") ? formatDuration(value) : value;
}

async function lineFinder(
  { file }: Config,
): Promise<(path: readonly string[]) => number | undefined> {
  if (file === undefined) return () => undefined;
  const { PlaceIndex } = await import("./positions.ts");
  const places = new PlaceIndex(file.text);
  return (path) => places.has(path) ? places.find(path, "key")?.line : undefined;
}
