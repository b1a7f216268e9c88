/**
 * Settings tables of plugins, declared as data: one entry a key gives the check, the default, the
 * JSON schema and the static type. Own and small, because plugins are loaded by hot commands and a
 * schema library would cost them more than they do themselves.
 */
import { CocoonError } from "../errors/error.ts";
import type { Json, JsonObject, SettingsIssue, SettingsSchema } from "./contract.ts";

/** One key of a settings table. Without a default, the key is absent unless the user sets it. */
export type SettingSpec =
  & {
    /** Half a sentence for `cocoon config schema`. */
    description: string;
  }
  & (
    | {
      type: "string";
      default?: string;
      /** The complaint about a value, e.g. `must be a port range such as 22000-22999`. */
      check?: (value: string) => string | undefined;
    }
    | { type: "integer"; default?: number; minimum?: number; maximum?: number }
    | { type: "boolean"; default?: boolean }
    | {
      type: "string[]";
      default?: readonly string[];
      /** The complaint about one of the values. */
      check?: (value: string) => string | undefined;
    }
    | { type: "enum"; values: readonly [string, ...string[]]; default?: string }
    /** An absolute path; whether something is there is the plugin's `check` to say. */
    | { type: "path"; default?: string }
  );

/** The specs of a table, by key. */
export type SettingSpecs = Readonly<Record<string, SettingSpec>>;

type Value<S extends SettingSpec> = S extends { type: "integer" } ? number
  : S extends { type: "boolean" } ? boolean
  : S extends { type: "string[]" } ? string[]
  : S extends { type: "enum"; values: readonly (infer V)[] } ? V
  : string;

type KeysWithDefault<S extends SettingSpecs> = {
  [K in keyof S]: S[K] extends { default: unknown } ? K : never;
}[keyof S];

/** The static type of a table that was checked by these specs. */
export type Settings<S extends SettingSpecs> =
  & { [K in KeysWithDefault<S>]: Value<S[K]> }
  & { [K in Exclude<keyof S, KeysWithDefault<S>>]?: Value<S[K]> };

/** A {@linkcode SettingsSchema} whose checked table can be read with its types. */
export interface TypedSettingsSchema<S extends SettingSpecs> extends SettingsSchema {
  /**
   * The table with its types; a table that `parse` gave is its own result.
   * @throws {CocoonError} `usage` when the table was never checked and is wrong
   */
  read(settings: JsonObject): Settings<S>;
}

/**
 * Makes a plugin's settings schema from one spec a key.
 * @param together complaints about keys that do not go together; asked once each is right by itself
 */
export function defineSettings<const S extends SettingSpecs>(
  specs: S,
  together: (settings: Settings<S>) => SettingsIssue[] = () => [],
): TypedSettingsSchema<S> {
  const keys: SettingsSchema["keys"] = {};
  for (const [key, spec] of Object.entries(specs)) {
    keys[key] = { description: spec.description, schema: jsonSchemaOf(spec) };
  }
  const parseAll = (input: JsonObject): ReturnType<SettingsSchema["parse"]> => {
    const result = parse(specs, input);
    if ("issues" in result) return result;
    // `parse` has checked every key against the very spec that its type comes from.
    const issues = together(result.settings as Settings<S>);
    return issues.length > 0 ? { issues } : result;
  };
  return {
    keys,
    parse: parseAll,
    read(settings) {
      const result = parseAll(settings);
      if ("issues" in result) {
        const lines = result.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
        throw new CocoonError("usage", lines.join("\n"));
      }
      return result.settings as Settings<S>; // as above
    },
  };
}

function parse(
  specs: SettingSpecs,
  input: JsonObject,
): { settings: JsonObject } | { issues: SettingsIssue[] } {
  const settings: JsonObject = {};
  const issues: SettingsIssue[] = [];
  for (const [key, spec] of Object.entries(specs)) {
    const value = Object.hasOwn(input, key) ? input[key] : undefined;
    if (value === undefined) {
      if (spec.default !== undefined) settings[key] = copy(spec.default);
      continue;
    }
    const complaint = complaintAbout(value, spec);
    if (complaint === undefined) settings[key] = copy(value);
    else issues.push({ path: [key], message: `${complaint}, got ${JSON.stringify(value)}` });
  }
  for (const key of Object.keys(input)) {
    if (!Object.hasOwn(specs, key)) issues.push({ path: [key], message: "unknown key" });
  }
  return issues.length > 0 ? { issues } : { settings };
}

/** A list that the caller may change without changing the defaults or the user's table. */
function copy(value: Json | readonly string[]): Json {
  return structuredClone(value) as Json; // a clone of JSON is JSON
}

function complaintAbout(value: Json, spec: SettingSpec): string | undefined {
  switch (spec.type) {
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false";
    case "integer":
      return complaintAboutInteger(value, spec.minimum, spec.maximum);
    case "string[]":
      return Array.isArray(value) && value.every((item) => typeof item === "string")
        ? firstComplaint(value, spec.check)
        : "must be a list of strings";
    case "enum":
      return typeof value === "string" && spec.values.includes(value)
        ? undefined
        : `must be one of ${spec.values.map((v) => JSON.stringify(v)).join(", ")}`;
    case "path":
      return typeof value === "string" && value.startsWith("/") && !value.includes("\0")
        ? undefined
        : "must be an absolute path";
    case "string":
      return typeof value === "string" ? spec.check?.(value) : "must be a string";
  }
}

function firstComplaint(
  values: readonly string[],
  check: ((value: string) => string | undefined) | undefined,
): string | undefined {
  for (const value of values) {
    const complaint = check?.(value);
    if (complaint !== undefined) return complaint;
  }
  return undefined;
}

function complaintAboutInteger(
  value: Json,
  minimum: number | undefined,
  maximum: number | undefined,
): string | undefined {
  const fits = typeof value === "number" && Number.isSafeInteger(value) &&
    value >= (minimum ?? -Infinity) && value <= (maximum ?? Infinity);
  if (fits) return undefined;
  const kind = "must be a whole number";
  if (minimum !== undefined && maximum !== undefined) {
    return `${kind} from ${minimum} to ${maximum}`;
  }
  if (minimum !== undefined) return `${kind} of at least ${minimum}`;
  return maximum === undefined ? kind : `${kind} of at most ${maximum}`;
}

function jsonSchemaOf(spec: SettingSpec): JsonObject {
  const common: JsonObject = spec.default === undefined ? {} : { default: copy(spec.default) };
  switch (spec.type) {
    case "integer":
      return {
        type: "integer",
        ...(spec.minimum === undefined ? {} : { minimum: spec.minimum }),
        ...(spec.maximum === undefined ? {} : { maximum: spec.maximum }),
        ...common,
      };
    case "boolean":
      return { type: "boolean", ...common };
    case "string[]":
      return { type: "array", items: { type: "string" }, ...common };
    case "enum":
      return { type: "string", enum: [...spec.values], ...common };
    case "path":
      return { type: "string", pattern: "^/", ...common };
    case "string":
      return { type: "string", ...common };
  }
}
