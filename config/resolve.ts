import { absolute, dirname, join } from "../host/path.ts";
import type { Host, JsonObject } from "../plugins/contract.ts";
import { defaultConfig, IMPLICIT_NETWORKS } from "./defaults.ts";
import { imageTable } from "./image_table.ts";
import type { FileOutput } from "./schema.ts";
import { variable } from "./environment.ts";
import { BACKEND_SETTINGS, SETTINGS } from "./settings.ts";
import type {
  Config,
  ConfigFile,
  Defaults,
  NetworkTable,
  Origin,
  Overrides,
  PluginTable,
} from "./types.ts";

/** What was found for the configuration, each part checked by itself. */
export interface Layers {
  host: Pick<Host, "os" | "architecture" | "env">;
  file: ConfigFile | undefined;
  fileOutput: FileOutput;
  environmentOutput: FileOutput;
  overrides: Overrides;
}

/**
 * Makes the configuration in force. This is the one place that decides precedence: a flag, else
 * the environment, else the file, else the default.
 */
export function resolve(layers: Layers): Config {
  const { file, fileOutput } = layers;
  const origins = new Map<string, Origin>();
  const values = defaultConfig(layers.host);
  const fromFile = overridesOf(fileOutput);
  const fromEnvironment = overridesOf(layers.environmentOutput);
  for (const setting of SETTINGS) {
    const ascending: [Overrides, Origin][] = [
      [fromFile, { kind: "file" }],
      [fromEnvironment, { kind: "environment", variable: setting.variable }],
      [layers.overrides, { kind: "flag" }],
    ];
    origins.set(setting.key, { kind: "default" });
    for (const [layer, origin] of ascending) {
      if (put(values, layer, setting.field)) origins.set(setting.key, origin);
    }
  }
  const base = file === undefined ? "/" : dirname(file.path);
  const locate = (path: string) => absolute(expandHome(path, layers.host), base);
  return {
    ...values,
    backends: backendsOf(layers, origins),
    networks: networksOf(fileOutput),
    plugins: mapValues(
      fileOutput.plugins ?? {},
      ({ kind, path }): PluginTable => ({ kind, path: locate(path) }),
    ),
    images: mapValues(
      fileOutput.images ?? {},
      (table) => imageTable(table, (source) => isUrl(source) ? source : locate(source)),
    ),
    store: fileOutput.store?.image_budget === undefined
      ? {}
      : { imageBudgetBytes: fileOutput.store.image_budget },
    origins,
    file,
  };
}

/** A checked file's single values, under cocoon's names. */
function overridesOf(output: FileOutput): Overrides {
  const table = output.defaults ?? {};
  return {
    backend: output.backend,
    network: output.network,
    storage: output.storage,
    defaults: {
      cpus: table.cpus,
      memoryBytes: table.memory,
      diskBytes: table.disk,
      user: table.user,
      restart: table.restart,
      architecture: table.architecture,
      stopTimeoutMs: table.stop_timeout,
      waitTimeoutMs: table.wait_timeout,
    },
  };
}

/** Puts a layer's value into `values`, if it has one. */
function put(
  values: Pick<Config, "backend" | "network" | "storage" | "defaults">,
  layer: Overrides,
  field: (typeof SETTINGS)[number]["field"],
): boolean {
  if (field.table === "top") {
    const value = layer[field.name];
    if (value !== undefined) values[field.name] = value;
    return value !== undefined;
  }
  return putDefault(values.defaults, layer.defaults ?? {}, field.name);
}

function putDefault<K extends keyof Defaults>(
  values: Pick<Defaults, K>,
  layer: { [P in K]?: Defaults[P] | undefined },
  name: K,
): boolean {
  const value = layer[name];
  if (value !== undefined) values[name] = value;
  return value !== undefined;
}

function backendsOf(
  { host, fileOutput }: Layers,
  origins: Map<string, Origin>,
): Record<string, JsonObject> {
  const backends = mapValues(fileOutput.backends ?? {}, settingsOf);
  for (const setting of BACKEND_SETTINGS) {
    const value = variable(host, setting.variable);
    if (value === undefined) continue;
    backends[setting.backend] = { ...backends[setting.backend], [setting.name]: value };
    origins.set(setting.key, { kind: "environment", variable: setting.variable });
  }
  return backends;
}

function networksOf(output: FileOutput): Record<string, NetworkTable> {
  const networks: Record<string, NetworkTable> = {};
  for (const name of IMPLICIT_NETWORKS) networks[name] = { provider: name, settings: {} };
  for (const [name, { provider, ...rest }] of Object.entries(output.networks ?? {})) {
    networks[name] = { provider: provider ?? name, settings: settingsOf(rest) };
  }
  return networks;
}

/** Checked before: a table holds no dates and no infinite numbers, so all of it is JSON. */
function settingsOf(table: Record<string, unknown>): JsonObject {
  return table as JsonObject;
}

function mapValues<A, B>(table: Record<string, A>, change: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(table).map(([name, value]) => [name, change(value)]));
}

function isUrl(source: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(source);
}

/** `~/x` as a shell would read it; no shell reads the file. */
function expandHome(path: string, host: Pick<Host, "env">): string {
  const home = host.env("HOME");
  return path.startsWith("~/") && home !== undefined ? join(home, path.slice(2)) : path;
}
