/** The parts that all conformance suites are made of. */
import assert from "node:assert/strict";
import { CocoonError, EXIT_CODES } from "../../errors/error.ts";
import type {
  Finding,
  Json,
  JsonObject,
  PluginKind,
  SettingsSchema,
} from "../../plugins/contract.ts";
import { shapeProblems } from "../../plugins/shape.ts";

/** One rule of the contract, with the proof that a plugin keeps it. */
export interface Check {
  name: string;
  run: () => void | Promise<void>;
}

/** Checks that fail, with what they say; for proving that a suite sees faults. */
export async function failures(checks: readonly Check[]): Promise<Map<string, string>> {
  const failed = new Map<string, string>();
  for (const check of checks) {
    try {
      await check.run();
    } catch (error) {
      failed.set(check.name, error instanceof Error ? error.message : String(error));
    }
  }
  return failed;
}

/** What every kind of plugin must have: its members, and settings that are checked. */
export function commonChecks(
  plugin: { kind: PluginKind; name: string; settingsSchema: SettingsSchema },
): Check[] {
  const { settingsSchema: schema } = plugin;
  return [
    {
      name: "shape: every member of the contract",
      run: () => assert.deepEqual(shapeProblems(plugin, plugin), []),
    },
    {
      name: "settings: an empty table is enough",
      run: () => void parsed(schema, {}),
    },
    {
      name: "settings: the checked table is plain data that is checked again to itself",
      run: () => {
        const settings = parsed(schema, {});
        assertJson(settings);
        assert.deepEqual(parsed(schema, settings), settings);
      },
    },
    {
      name: "settings: an unknown key is an issue at its path",
      run: () => {
        const result = schema.parse({ no_such_key: 1 });
        assert.ok("issues" in result, "an unknown key was accepted");
        assert.ok(
          result.issues.some((issue) => issue.path[0] === "no_such_key" && issue.message !== ""),
          "no issue names the unknown key",
        );
      },
    },
    {
      name: "settings: a value of a wrong type is an issue for every key",
      run: () => {
        for (const key of Object.keys(schema.keys)) {
          const result = schema.parse({ [key]: [{ wrong: true }] });
          assert.ok("issues" in result, `"${key}" takes anything`);
          assert.ok(result.issues.some((i) => i.path[0] === key), `no issue names "${key}"`);
        }
      },
    },
    {
      name: "settings: checking changes neither the table nor does it look at the computer",
      run: () => withoutIo(() => void schema.parse(deepFreeze({ no_such_key: { deep: [1] } }))),
    },
    {
      name: "settings: every key has a description and a JSON schema",
      run: () => {
        assertJson(schema.keys as unknown as Json);
        for (const [key, { description, schema: json }] of Object.entries(schema.keys)) {
          assert.ok(description.length > 0, `"${key}" has no description`);
          assert.ok("type" in json || "enum" in json || "anyOf" in json, `"${key}" has no type`);
        }
      },
    },
  ];
}

/** The table as the plugin itself checks and completes it. */
export function parsed(schema: SettingsSchema, input: JsonObject): JsonObject {
  const result = schema.parse(input);
  assert.ok("settings" in result, `refused: ${JSON.stringify(result)}`);
  return result.settings;
}

/** A rejection that a user can act on. */
export async function assertRefused(
  action: () => Promise<unknown>,
  codes: readonly (keyof typeof EXIT_CODES)[] = ["usage", "failed", "conflict", "host-lacks"],
): Promise<CocoonError> {
  let error: unknown;
  try {
    await action();
  } catch (caught) {
    error = caught;
  }
  assert.ok(error !== undefined, "it was accepted");
  return assertRefusal(error, codes);
}

/** A failure that a user can act on. */
export function assertRefusal(
  error: unknown,
  codes: readonly (keyof typeof EXIT_CODES)[],
): CocoonError {
  assert.ok(error instanceof CocoonError, `not a CocoonError: ${error}`);
  assert.ok(codes.includes(error.code), `code ${error.code}: ${error.message}`);
  assert.ok(error.message !== "" && !error.message.endsWith("."), `message: ${error.message}`);
  assert.ok(error.hint, `no hint: ${error.message}`);
  return error;
}

/** Findings for `cocoon doctor`, well formed. */
export function assertFindings(findings: readonly Finding[]): void {
  assertJson(findings as unknown as Json);
  assert.ok(findings.length > 0, "no finding: doctor would say nothing of it");
  for (const finding of findings) {
    assert.ok(["ok", "warning", "error"].includes(finding.level), finding.level);
    assert.ok(finding.subject !== "" && finding.message !== "", JSON.stringify(finding));
    if (finding.level === "error") assert.ok(finding.fix, `no fix: ${finding.message}`);
  }
}

/** The value is what JSON can carry, with nothing lost. */
export function assertJson(value: unknown): void {
  const text = JSON.stringify(value);
  assert.ok(text !== undefined, "not JSON");
  assert.deepEqual(JSON.parse(text), value, "JSON does not carry it");
}

/** Freezes a value to its ends, so that whoever changes it throws. */
export function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

/** What of `Deno` is a constant or a class of errors, and tells nothing of the computer. */
const HARMLESS: readonly string[] = ["build", "errors", "inspect", "SeekMode", "version"];

/** Runs synchronous code during which everything of `Deno` throws that could see or do something. */
export function withoutIo<T>(action: () => T): T {
  const real = Object.getOwnPropertyDescriptors(Deno);
  const guarded = Object.entries(real).filter(([name, property]) =>
    property.configurable && !HARMLESS.includes(name)
  );
  assert.ok(guarded.some(([name]) => name === "statSync"), "the runtime cannot be guarded");
  try {
    for (const [name] of guarded) {
      const get = () => {
        throw new assert.AssertionError({ message: `it uses Deno.${name}` });
      };
      Object.defineProperty(Deno, name, { configurable: true, enumerable: true, get });
    }
    return action();
  } finally {
    for (const [name, property] of guarded) Object.defineProperty(Deno, name, property);
  }
}
