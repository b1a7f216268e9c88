/** Whether a value that a module exports is a plugin, member for member. */
import type { Backend, NetworkProvider, PluginKind, StorageDriver } from "./contract.ts";

/** What a member must be; `?` marks what may be absent. */
type Expected =
  | "function"
  | "function?"
  | "string"
  | "boolean"
  | "true?"
  | "number?"
  | "list?"
  | "disk format"
  | "schema";

// The `satisfies` clauses make a member that is new in the contract an error here.
const MEMBERS = {
  backend: {
    kind: "string",
    name: "string",
    summary: "string",
    systems: "list?",
    settingsSchema: "schema",
    capabilities: "function",
    check: "function",
    lacks: "function?",
    probe: "function",
    refusals: "function?",
    plan: "function",
    control: "function",
    explainFailure: "function?",
    terminationGraceMs: "number?",
    rebootEndsProcess: "true?",
  } satisfies Record<keyof Backend, Expected>,
  network: {
    kind: "string",
    name: "string",
    summary: "string",
    settingsSchema: "schema",
    attachmentKinds: "function",
    forwardsPorts: "boolean",
    forwardingKinds: "list?",
    givesNoCard: "true?",
    check: "function",
    attach: "function",
    configure: "function?",
    changeForward: "function?",
    forwards: "function?",
    detach: "function",
    address: "function",
  } satisfies Record<keyof NetworkProvider, Expected>,
  storage: {
    kind: "string",
    name: "string",
    summary: "string",
    systems: "list?",
    settingsSchema: "schema",
    format: "disk format",
    maxDiskBytes: "number?",
    supports: "function",
    check: "function",
    clone: "function",
    grow: "function",
  } satisfies Record<keyof StorageDriver, Expected>,
};

/** A name that can be a key of the configuration and a value of a flag. */
const NAME = /^[a-z][a-z0-9-]{0,31}$/;

/**
 * Everything that keeps `value` from being the plugin that the configuration names; empty when it
 * is one. Each problem names the member, what it must be and what it is.
 */
export function shapeProblems(
  value: unknown,
  expected: { kind: PluginKind; name: string },
): string[] {
  if (!isObject(value)) {
    return [`its default export must be an object, but is ${described(value)}`];
  }
  const problems: string[] = [];
  for (const [member, want] of Object.entries(MEMBERS[expected.kind])) {
    // The tables above have no values but Expected.
    const problem = memberProblem(member, value[member], want as Expected);
    if (problem !== undefined) problems.push(problem);
  }
  if (typeof value["kind"] === "string" && value["kind"] !== expected.kind) {
    return [
      `\`kind\` is "${value["kind"]}", but [plugins.${expected.name}] says "${expected.kind}"`,
    ];
  }
  const name = value["name"];
  if (typeof name !== "string") return problems;
  if (name !== expected.name) {
    problems.push(`\`name\` is "${name}", but it is configured as [plugins.${expected.name}]`);
  } else if (!NAME.test(name)) {
    problems.push(`\`name\` must be a lower-case word of at most 32 characters, but is "${name}"`);
  }
  return problems;
}

function memberProblem(member: string, value: unknown, want: Expected): string | undefined {
  const must = (what: string) => `\`${member}\` must be ${what}, but is ${described(value)}`;
  switch (want) {
    case "function":
      return typeof value === "function" ? undefined : must("a function");
    case "function?":
      return value === undefined || typeof value === "function" ? undefined : must("a function");
    case "string":
      return typeof value === "string" && value !== "" ? undefined : must("a text");
    case "boolean":
      return typeof value === "boolean" ? undefined : must("true or false");
    case "true?":
      return value === undefined || value === true ? undefined : must("true or absent");
    case "number?":
      return value === undefined || (typeof value === "number" && value >= 0)
        ? undefined
        : must("a number from 0 up, or absent");
    case "list?":
      return value === undefined || Array.isArray(value) ? undefined : must("a list or absent");
    case "disk format":
      return value === "raw" || value === "qcow2" ? undefined : must('"raw" or "qcow2"');
    case "schema":
      return isObject(value) && isObject(value["keys"]) && typeof value["parse"] === "function"
        ? undefined
        : must("an object with `keys` and `parse` (defineSettings makes one)");
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function described(value: unknown): string {
  if (value === undefined) return "missing";
  if (value === null || Array.isArray(value)) return value === null ? "null" : "a list";
  if (typeof value === "string" || typeof value === "boolean" || typeof value === "number") {
    return JSON.stringify(value);
  }
  return typeof value === "function" ? "a function" : "an object";
}
