import type { Defaults } from "./types.ts";

/** A setting that has one value: at the top level of the file, or in `[defaults]`. */
export interface Setting {
  /** Its key in the file, e.g. `defaults.memory`; what messages call it. */
  key: string;
  /** Its place in the checked configuration. */
  field: SettingField;
  /** The environment variable that overrides the file. */
  variable: string;
  /** How the variable's text becomes the value that the file would have. */
  read: "text" | "integer";
}

/** Places of the single values in `Config`. */
export type SettingField =
  | { table: "top"; name: "backend" | "network" | "storage" }
  | { table: "defaults"; name: keyof Defaults };

function top(name: "backend" | "network" | "storage"): Setting {
  return {
    key: name,
    field: { table: "top", name },
    variable: `COCOON_${name.toUpperCase()}`,
    read: "text",
  };
}

function inDefaults(
  name: string,
  field: keyof Defaults,
  read: Setting["read"] = "text",
): Setting {
  return {
    key: `defaults.${name}`,
    field: { table: "defaults", name: field },
    variable: `COCOON_${name.toUpperCase()}`,
    read,
  };
}

/** Every single-valued setting, in the order in which they are shown. */
export const SETTINGS: readonly Setting[] = [
  top("backend"),
  top("network"),
  top("storage"),
  inDefaults("cpus", "cpus", "integer"),
  inDefaults("memory", "memoryBytes"),
  inDefaults("disk", "diskBytes"),
  inDefaults("user", "user"),
  inDefaults("restart", "restart"),
  inDefaults("architecture", "architecture"),
  inDefaults("stop_timeout", "stopTimeoutMs"),
  inDefaults("wait_timeout", "waitTimeoutMs"),
];

/** A setting of a backend that a variable overrides; the backend checks its value. */
export interface BackendSetting {
  backend: string;
  name: string;
  /** As in {@linkcode Setting}. */
  key: string;
  variable: string;
}

/** So that a test or a job of a CI needs no file of its own to have its guests emulated. */
export const BACKEND_SETTINGS: readonly BackendSetting[] = [{
  backend: "qemu",
  name: "accelerator",
  key: "backends.qemu.accelerator",
  variable: "COCOON_QEMU_ACCELERATOR",
}];
