import type { Host } from "../plugins/contract.ts";
import type { FileInput } from "./schema.ts";
import { BACKEND_SETTINGS, type Setting, SETTINGS } from "./settings.ts";

/** An environment variable that cocoon reads. */
export interface EnvironmentVariable {
  name: string;
  /** What it overrides: a key of the file, or half a sentence. */
  overrides: string;
}

/** Every environment variable that cocoon reads, apart from `HOME`, `PATH` and `NO_COLOR`. */
export const ENVIRONMENT: readonly EnvironmentVariable[] = [
  { name: "COCOON_HOME", overrides: "the folder of machines and images (`~/.cocoon`)" },
  { name: "COCOON_CONFIG", overrides: "the configuration file (`$COCOON_HOME/config.toml`)" },
  ...SETTINGS.map(({ variable, key }) => ({ name: variable, overrides: `\`${key}\`` })),
  ...BACKEND_SETTINGS.map(({ variable, key }) => ({ name: variable, overrides: `\`${key}\`` })),
];

/** A variable's value; an empty one counts as not set, as `VARIABLE= cocoon` means it. */
export function variable(host: Pick<Host, "env">, name: string): string | undefined {
  const value = host.env(name);
  return value === "" ? undefined : value;
}

/** The settings that the environment gives, as a file would have them; unchecked. */
export function environmentInput(host: Pick<Host, "env">): FileInput {
  const input: FileInput = {};
  for (const setting of SETTINGS) {
    const text = variable(host, setting.variable);
    if (text === undefined) continue;
    const [table, name] = splitKey(setting);
    if (table === undefined) input[name] = valueOf(setting, text);
    else input[table] = { ...tableOf(input[table]), [name]: valueOf(setting, text) };
  }
  return input;
}

function splitKey({ key }: Setting): [table: string | undefined, name: string] {
  const dot = key.indexOf(".");
  return dot < 0 ? [undefined, key] : [key.slice(0, dot), key.slice(dot + 1)];
}

function tableOf(value: unknown): object {
  return typeof value === "object" && value !== null ? value : {};
}

/** A text that is no number stays text, so that the schema's complaint shows it. */
function valueOf(setting: Setting, text: string): string | number {
  return setting.read === "integer" && /^\d+$/.test(text) ? Number(text) : text;
}
