import type { Architecture, JsonObject, PluginKind } from "../plugins/contract.ts";
import type { RestartPolicy } from "../state/machine_record.ts";

/** What a new machine gets unless its flags say otherwise; `[defaults]`. */
export interface Defaults {
  cpus: number;
  memoryBytes: number;
  /** Size of the root disk. */
  diskBytes: number;
  /** The account that is made in the guest. */
  user: string;
  restart: RestartPolicy;
  architecture: Architecture;
  /** How long a guest may take to shut down before it is ended. */
  stopTimeoutMs: number;
  /** How long `--wait` waits. */
  waitTimeoutMs: number;
}

/** `[networks.NAME]`: a network that machines can be plugged into. */
export interface NetworkTable {
  /** Name of the network provider. */
  provider: string;
  /** All other keys; the provider checks them. */
  settings: JsonObject;
}

/** `[plugins.NAME]`: a plugin of the user's own. */
export interface PluginTable {
  kind: PluginKind;
  /** Absolute path of the module. */
  path: string;
}

/** Where an image is, and what vouches for it. A type, so that it is a table of JSON. */
export type ImageSourceTable = {
  /** A URL, or the absolute path of a file. */
  source: string;
  /** 64 hexadecimal digits, lower case. */
  sha256?: string;
  /** URL of the file that its publisher keeps digests in. */
  checksum?: string;
  /** URL of a signature of that file, or `clearsigned` when the file carries it itself. */
  signature?: string;
};

/** A key that may sign a checksum file. */
export type ImageKeyTable = {
  /** Of the primary key, 40 or 64 hexadecimal digits, upper case. */
  fingerprint: string;
  /** URL of the key, or the absolute path of a file; believed only if it has the fingerprint. */
  source: string;
};

/** `[images.NAME]`: a name for an image that is pulled when it is first used. */
export interface ImageTable extends Partial<ImageSourceTable> {
  /** Architecture of `source`; without it, `source` serves any. */
  architecture?: Architecture;
  /** Sources of their own, before `source`. */
  x86_64?: ImageSourceTable;
  aarch64?: ImageSourceTable;
  keys?: ImageKeyTable[];
  /** For people. */
  title?: string;
  aliases?: string[];
  /** The account that the publisher documents; cocoon makes its own. */
  defaultUser?: string;
  /** Smallest root disk that a machine of it may have. */
  minimumDiskBytes?: number;
}

/** `[store]`: how much is kept. */
export interface StoreTable {
  /** Bytes that images may take before the ones that were not used for longest go. */
  imageBudgetBytes?: number;
}

/** Where a value in force comes from. */
export type Origin =
  | { kind: "default" }
  | { kind: "file" }
  | { kind: "environment"; variable: string }
  | { kind: "flag" };

/** The configuration in force: checked, with defaults, in cocoon's units. */
export interface Config {
  /** Name of the backend of new machines. */
  backend: string;
  /** Name of the network of new machines. */
  network: string;
  /** Name of the storage driver of new machines; `auto` asks the file system. */
  storage: string;
  defaults: Defaults;
  /** Settings tables of backends, by backend; unchecked, see `checkSettings`. */
  backends: Record<string, JsonObject>;
  /** Networks by name; `nat` and `none` are always there. */
  networks: Record<string, NetworkTable>;
  plugins: Record<string, PluginTable>;
  images: Record<string, ImageTable>;
  store: StoreTable;
  /** Where each setting comes from, by its key in the file, e.g. `defaults.memory`. */
  origins: ReadonlyMap<string, Origin>;
  /** The file that was read, if there is one. */
  file: ConfigFile | undefined;
}

/** A configuration file and its text, which positions are looked up in. */
export interface ConfigFile {
  path: string;
  text: string;
}

type Given<T> = { [K in keyof T]?: T[K] | undefined };

/** Values that flags of a command put over the configuration; undefined = not given. */
export interface Overrides extends Given<Pick<Config, "backend" | "network" | "storage">> {
  defaults?: Given<Defaults>;
}
