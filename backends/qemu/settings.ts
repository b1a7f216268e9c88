import { defineSettings, type Settings } from "../../plugins/settings.ts";
import type {
  Architecture,
  Json,
  JsonObject,
  SettingsIssue,
  SettingsSchema,
} from "../../plugins/contract.ts";

/** Values of `accelerator`. */
export const ACCELERATORS = ["auto", "kvm", "hvf", "tcg"] as const;

/** How the guest's CPU is made. */
export type Accelerator = Exclude<typeof ACCELERATORS[number], "auto">;

const notEmpty = (value: string) => value === "" ? "must not be empty" : undefined;

/** What may differ between guests of different architectures. */
const architectureSpecs = {
  program: { type: "path", description: "QEMU's system emulator, instead of the one on PATH" },
  machine: {
    type: "string",
    description: "machine type, instead of q35 or virt",
    check: notEmpty,
  },
  cpu: {
    type: "string",
    description: "CPU model; by default the host's, or a full emulated one with tcg",
    check: notEmpty,
  },
  firmware_code: { type: "path", description: "UEFI firmware; needs firmware_vars too" },
  firmware_vars: {
    type: "path",
    description: "template of the UEFI variables that fits firmware_code",
  },
} as const;

const architectureSchema = defineSettings(architectureSpecs);

const generalSchema = defineSettings({
  accelerator: {
    type: "enum",
    values: ACCELERATORS,
    default: "auto",
    description: "what runs the guest; auto takes hardware only after it has run a guest",
  },
  sandbox: {
    type: "boolean",
    default: true,
    description: "confine QEMU with seccomp where it can (Linux)",
  },
  screen: {
    type: "boolean",
    default: true,
    description: "give the guest a screen, for screenshots",
  },
  extra_args: {
    type: "string[]",
    default: [],
    description: "arguments added to QEMU's command line",
  },
  ...architectureSpecs,
});

/** Tables of settings for guests of one architecture only. */
const TABLES = ["x86_64", "aarch64"] as const satisfies Architecture[];

/** Settings that differ between architectures; see {@linkcode settingsFor}. */
export type ArchitectureSettings = Settings<typeof architectureSpecs>;

/** The table `[backends.qemu]`, defaults filled in. */
export type QemuSettings =
  & ReturnType<typeof generalSchema.read>
  & { [table in Architecture]?: ArchitectureSettings };

/** Checks `[backends.qemu]` with its tables `[backends.qemu.x86_64]` and `.aarch64`. */
export const settingsSchema: SettingsSchema = {
  keys: {
    ...generalSchema.keys,
    ...Object.fromEntries(TABLES.map((table) => [table, {
      description: `program, machine, cpu and firmware for ${table} guests only`,
      schema: {
        type: "object",
        additionalProperties: false,
        properties: Object.fromEntries(
          Object.entries(architectureSchema.keys).map(([key, { description, schema }]) => [key, {
            ...schema,
            description,
          }]),
        ),
      },
    }])),
  },
  parse(input) {
    const { x86_64, aarch64, ...general } = input;
    const parsed = generalSchema.parse(general);
    const issues = "issues" in parsed ? [...parsed.issues] : [];
    issues.push(...halfFirmware(general, []));
    const settings: JsonObject = "settings" in parsed ? { ...parsed.settings } : {};
    for (const [name, table] of [["x86_64", x86_64], ["aarch64", aarch64]] as const) {
      if (table === undefined) continue;
      if (!isTable(table)) {
        issues.push({ path: [name], message: `must be a table, got ${JSON.stringify(table)}` });
        continue;
      }
      const inner = architectureSchema.parse(table);
      if ("settings" in inner) settings[name] = inner.settings;
      else issues.push(...inner.issues.map((i) => ({ ...i, path: [name, ...i.path] })));
      issues.push(...halfFirmware(table, [name]));
    }
    return issues.length > 0 ? { issues } : { settings };
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
  // Every key was checked a moment ago by the very specs that its type comes from.
  return result.settings as QemuSettings;
}

/** Settings for guests of one architecture: its own table wins over the general keys. */
export function settingsFor(
  settings: QemuSettings,
  architecture: Architecture,
): ArchitectureSettings {
  return { ...settings, ...settings[architecture] };
}

function halfFirmware(table: JsonObject, prefix: string[]): SettingsIssue[] {
  if (("firmware_code" in table) === ("firmware_vars" in table)) return [];
  const given = "firmware_code" in table ? "firmware_code" : "firmware_vars";
  const message = "firmware_code and firmware_vars belong together: give both or none";
  return [{ path: [...prefix, given], message }];
}

function isTable(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
