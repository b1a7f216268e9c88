/** Which part of the program may import which, as data; `imports_test.ts` holds it. */

/** `auto`: asks the drivers it is given in turn, and is no driver itself. */
const STORAGE_CHOICE = "storage/select.ts";

/**
 * What each part may import: other parts, or single modules of them. Every part may import itself;
 * packages are a matter of `PACKAGES`.
 */
export const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  "main.ts": ["cli", "errors", "host"],
  cli: [
    "vm",
    "images",
    "guest",
    "config",
    "state",
    "plugins",
    STORAGE_CHOICE,
    "native",
    "host",
    "errors",
  ],
  vm: ["images", "guest", "config", "state", "plugins", "native", "host", "errors"],
  images: ["config", "state", "plugins", "native", "host", "errors"],
  config: ["state", "plugins", "host", "errors"],
  state: ["plugins", "native", "host", "errors"],
  backends: ["plugins", "guest", "native", "host", "errors"],
  network: ["plugins", "guest", "native", "host", "errors"],
  storage: ["plugins", "guest", "native", "host", "errors"],
  guest: ["plugins", "native", "host", "errors"],
  plugins: ["host", "errors"],
  native: ["errors"],
  // The version is written down in one place only.
  host: ["plugins", "native", "errors", "deno.json"],
  errors: [],
};

/** The one module that knows the built-in plugins; it loads each when it is asked for. */
export const REGISTRY = "plugins/registry.ts";

/** Parts whose folders are plugins: one plugin never imports another. */
export const PLUGIN_PARTS: readonly string[] = ["backends", "network", "storage"];

/** The npm packages of the program. */
export const PACKAGES: readonly string[] = [
  "@stricli/core",
  "smol-toml",
  "toml-eslint-parser",
  "valibot",
  "@valibot/to-json-schema",
  "js-yaml",
];

/**
 * What the commands load that one calls all day, or that a shell calls at every Tab. Modules that
 * they load lazily in every run stand here beside them.
 */
export const HOT_MODULES: readonly string[] = [
  "main.ts",
  "cli/version.ts",
  "cli/vm/list.ts",
  "cli/vm/inspect.ts",
  "cli/completion/engine.ts",
  "config/load.ts",
  "state/store.ts",
];

/**
 * The packages and `node:` modules that these may load: pure ES modules without `node:` imports
 * cost 1 to 3 ms each, `node:sqlite` 1.5 ms, any other `node:` module or CommonJS package 5 to 28.
 */
export const HOT_PACKAGES: readonly string[] = ["@stricli/core", "smol-toml", "valibot"];
export const HOT_BUILT_INS: readonly string[] = ["node:sqlite"];
