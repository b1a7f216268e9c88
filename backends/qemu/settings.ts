import type {
  Architecture,
  Json,
  JsonObject,
  SettingsIssue,
  SettingsSchema,
} from "../../plugins/contract.ts";

/** How the guest's CPU is made. */
export type Accelerator = "kvm" | "hvf" | "tcg";

/** Values of `accelerator`. */
export const ACCELERATORS = ["auto", "kvm", "hvf", "tcg"] as const;

/** Settings that differ between architectures; see {@linkcode settingsFor}. */
export interface ArchitectureSettings {
  program?: string;
  machine?: string;
  cpu?: string;
  firmware_code?: string;
  firmware_vars?: string;
}

/** The table `[backends.qemu]`, defaults filled in. */
export interface QemuSettings extends ArchitectureSettings {
  accelerator: Accelerator | "auto";
  sandbox: boolean;
  screen: boolean;
  extra_args: string[];
  x86_64?: ArchitectureSettings;
  aarch64?: ArchitectureSettings;
}

interface Key {
  description: string;
  schema: JsonObject;
  /** What the value must be, if it is not. */
  check(value: Json): string | undefined;
}

const text: Pick<Key, "schema" | "check"> = {
  schema: { type: "string", minLength: 1 },
  check: (value) =>
    typeof value === "string" && value !== "" ? undefined : "must be a string that is not empty",
};
const path: Pick<Key, "schema" | "check"> = {
  schema: { type: "string", pattern: "^/" },
  check: (value) =>
    typeof value === "string" && value.startsWith("/") ? undefined : "must be an absolute path",
};
const flag: Pick<Key, "schema" | "check"> = {
  schema: { type: "boolean" },
  check: (value) => typeof value === "boolean" ? undefined : "must be true or false",
};

const architectureKeys: Record<string, Key> = {
  program: { ...path, description: "QEMU's system emulator, instead of the one on PATH" },
  machine: { ...text, description: "machine type, instead of q35 or virt" },
  cpu: { ...text, description: "CPU model; default: the host's, or a full emulated one with tcg" },
  firmware_code: { ...path, description: "UEFI firmware's code; needs firmware_vars too" },
  firmware_vars: { ...path, description: "template of the UEFI variables that fits firmware_code" },
};

const keys: Record<string, Key> = {
  accelerator: {
    description: "auto, kvm, hvf or tcg; auto takes hardware only after it has run a guest",
    schema: { type: "string", enum: [...ACCELERATORS], default: "auto" },
    check: (value) => isAccelerator(value) ? undefined : 'must be "auto", "kvm", "hvf" or "tcg"',
  },
  sandbox: {
    ...flag,
    description: "confine QEMU with seccomp where it can (Linux); default true",
  },
  screen: { ...flag, description: "give the guest a screen, for screenshots; default true" },
  extra_args: {
    description: "arguments added to QEMU's command line",
    schema: { type: "array", items: { type: "string" } },
    check: (value) =>
      Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "")
        ? undefined
        : "must be an array of strings that are not empty",
  },
  ...architectureKeys,
  x86_64: architectureTable("x86_64"),
  aarch64: architectureTable("aarch64"),
};

/** Checks `[backends.qemu]`. */
export const settingsSchema: SettingsSchema = {
  keys: Object.fromEntries(
    Object.entries(keys).map(([name, { description, schema }]) => [name, { description, schema }]),
  ),
  parse(input) {
    const issues = issuesOf(input, keys, []);
    if (issues.length > 0) return { issues };
    const defaults = { accelerator: "auto", sandbox: true, screen: true, extra_args: [] };
    return { settings: { ...defaults, ...input } };
  },
};

/**
 * The settings with their type.
 * @throws {TypeError} for a table that did not pass {@linkcode settingsSchema}: a defect of the
 *   caller
 */
export function readSettings(input: JsonObject): QemuSettings {
  const result = settingsSchema.parse(input);
  if ("issues" in result) {
    const [issue] = result.issues;
    throw new TypeError(`Unchecked settings: ${issue?.path.join(".")}: ${issue?.message}`);
  }
  // Every key's type was checked a moment ago, and defaults fill the ones that must be there.
  return result.settings as unknown as QemuSettings;
}

/** Settings for guests of one architecture: its own table wins over the general keys. */
export function settingsFor(
  settings: QemuSettings,
  architecture: Architecture,
): ArchitectureSettings {
  return { ...settings, ...settings[architecture] };
}

/** Whether a word is a value of `accelerator`. */
export function isAccelerator(value: unknown): value is Accelerator | "auto" {
  return ACCELERATORS.some((accelerator) => accelerator === value);
}

function architectureTable(architecture: Architecture): Key {
  return {
    description: `program, machine, cpu and firmware for ${architecture} guests only`,
    schema: {
      type: "object",
      additionalProperties: false,
      properties: Object.fromEntries(
        Object.entries(architectureKeys).map((
          [name, { description, schema }],
        ) => [name, { ...schema, description }]),
      ),
    },
    check: (value) => isTable(value) ? undefined : "must be a table",
  };
}

function issuesOf(
  table: JsonObject,
  known: Record<string, Key>,
  prefix: string[],
): SettingsIssue[] {
  const issues: SettingsIssue[] = [];
  for (const [name, value] of Object.entries(table)) {
    const key = Object.hasOwn(known, name) ? known[name] : undefined;
    const message = key ? key.check(value) : "is not a setting of qemu";
    if (message !== undefined) issues.push({ path: [...prefix, name], message });
    else if (isTable(value)) issues.push(...issuesOf(value, architectureKeys, [...prefix, name]));
  }
  if (("firmware_code" in table) !== ("firmware_vars" in table)) {
    const given = "firmware_code" in table ? "firmware_code" : "firmware_vars";
    issues.push({
      path: [...prefix, given],
      message: "firmware_code and firmware_vars belong together: give both or none",
    });
  }
  return issues;
}

function isTable(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
