/**
 * All plugins by kind and name: the built-in ones and those of the user's configuration. Listing
 * names loads nothing; a plugin's module is loaded when the plugin is asked for.
 */
import { CocoonError } from "../errors/error.ts";
import type { Backend, NetworkProvider, Plugin, PluginKind, StorageDriver } from "./contract.ts";
import type { UserPlugin } from "./user_plugin.ts";

/** The plugin type of each kind. */
export interface PluginOfKind {
  backend: Backend;
  network: NetworkProvider;
  storage: StorageDriver;
}

/**
 * The built-in plugins; a new one is one more line. Each import is a literal, so that a compiled
 * cocoon contains it.
 */
const BUILT_IN: { [K in PluginKind]: Record<string, () => Promise<{ default: PluginOfKind[K] }>> } =
  {
    backend: {
      qemu: () => import("../backends/qemu/mod.ts"),
      vfkit: () => import("../backends/vfkit/mod.ts"),
      krunkit: () => import("../backends/krunkit/mod.ts"),
    },
    network: {
      nat: () => import("../network/nat/mod.ts"),
      gvproxy: () => import("../network/gvproxy/mod.ts"),
      "vmnet-helper": () => import("../network/vmnet_helper/mod.ts"),
      none: () => import("../network/none/mod.ts"),
      cni: () => import("../network/cni/mod.ts"),
      bridge: () => import("../network/bridge/mod.ts"),
    },
    storage: {
      clonefile: () => import("../storage/clonefile/mod.ts"),
      reflink: () => import("../storage/reflink/mod.ts"),
      qcow2: () => import("../storage/qcow2/mod.ts"),
      copy: () => import("../storage/copy/mod.ts"),
    },
  };

/** Names that mean something else where a plugin's name is expected. */
const RESERVED_NAMES: Record<PluginKind, readonly string[]> = {
  backend: [],
  network: [],
  storage: ["auto"],
};

const KIND_WORDS: Record<PluginKind, string> = {
  backend: "backend",
  network: "network provider",
  storage: "storage driver",
};

export type { UserPlugin };

/** Finds and loads plugins; see {@linkcode createRegistry}. */
export interface Registry {
  /** All names of a kind, built-in ones first; loads nothing. */
  names(kind: PluginKind): string[];
  /** The file of a user's plugin; undefined for a built-in one. */
  pathOf(kind: PluginKind, name: string): string | undefined;
  /**
   * @throws {CocoonError} `usage` for an unknown name or a plugin of the wrong shape, `not-found`
   * for a plugin whose file is gone, `failed` for one that throws, exits or hangs while it is loaded
   */
  backend(name: string): Promise<Backend>;
  /** As {@linkcode Registry.backend}. */
  network(name: string): Promise<NetworkProvider>;
  /** As {@linkcode Registry.backend}. */
  storage(name: string): Promise<StorageDriver>;
}

/**
 * Makes the registry of the built-in and the given plugins; loads nothing.
 * @param loadTimeoutMs how long the module of a user's plugin may take; for tests
 * @throws {CocoonError} `usage` when two plugins of a kind have the same name
 */
export function createRegistry(
  userPlugins: readonly UserPlugin[],
  loadTimeoutMs?: number,
): Registry {
  const users: Record<PluginKind, Map<string, string>> = {
    backend: new Map(),
    network: new Map(),
    storage: new Map(),
  };
  for (const { kind, name, path } of userPlugins) {
    const other = Object.hasOwn(BUILT_IN[kind], name) || RESERVED_NAMES[kind].includes(name)
      ? "of cocoon itself"
      : users[kind].get(name);
    if (other !== undefined) {
      throw new CocoonError(
        "usage",
        `plugin "${name}" (${path}): there is already a ${KIND_WORDS[kind]} of that name, ${other}`,
        { hint: "Give the plugin another name, in its module and in [plugins.NAME]." },
      );
    }
    users[kind].set(name, path);
  }

  const names = (kind: PluginKind) => [...Object.keys(BUILT_IN[kind]), ...users[kind].keys()];
  const load = async <K extends PluginKind>(kind: K, name: string): Promise<PluginOfKind[K]> => {
    if (Object.hasOwn(BUILT_IN[kind], name)) {
      const module = await BUILT_IN[kind][name]?.();
      if (module) return module.default;
    }
    const path = users[kind].get(name);
    if (path !== undefined) return await checkedUserPlugin({ kind, name, path }, loadTimeoutMs);
    throw await unknownName(kind, name, names(kind));
  };
  return {
    names,
    pathOf: (kind, name) => users[kind].get(name),
    backend: (name) => load("backend", name),
    network: (name) => load("network", name),
    storage: (name) => load("storage", name),
  };
}

async function unknownName(
  kind: PluginKind,
  name: string,
  known: string[],
): Promise<CocoonError> {
  const { didYouMean } = await import("../errors/suggest.ts");
  const all = [...RESERVED_NAMES[kind], ...known];
  return new CocoonError(
    "usage",
    `unknown ${KIND_WORDS[kind]} "${name}"${didYouMean(name, all)}`,
    { hint: `Choose one of: ${all.join(", ")}; or add your own as [plugins.${name}].` },
  );
}

async function checkedUserPlugin<K extends PluginKind>(
  plugin: UserPlugin & { kind: K },
  timeoutMs: number | undefined,
): Promise<PluginOfKind[K]> {
  const { kind, name, path } = plugin;
  const { loadUserPlugin } = await import("./user_plugin.ts");
  const exported = await loadUserPlugin(plugin, timeoutMs);
  const { shapeProblems } = await import("./shape.ts");
  const problems = shapeProblems(exported, { kind, name });
  if (problems.length > 0) {
    throw new CocoonError(
      "usage",
      `plugin "${name}" (${path}): not a ${KIND_WORDS[kind]}:\n` +
        problems.map((problem) => `  ${problem}`).join("\n"),
      { hint: "Mend the plugin; see docs/plugins.md and the contract, plugins/contract.ts." },
    );
  }
  // shapeProblems() has found every member of the contract of this very kind.
  return exported as Plugin as PluginOfKind[K];
}
