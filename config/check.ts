import type { BaseIssue } from "valibot";
import { safeParse } from "valibot";
import { didYouMean } from "../errors/suggest.ts";
import { IMPLICIT_NETWORKS } from "./defaults.ts";
import { mistakesOfImages } from "./check_images.ts";
import { FILE_SCHEMA, type FileInput, type FileOutput, knownKeys } from "./schema.ts";

/** A mistake in a configuration. */
export interface Mistake {
  /** Keys from the top level to the mistake. */
  path: readonly string[];
  /** What is at fault: the key itself, or its value. */
  at: "key" | "value";
  /** What is wrong, without the path. */
  message: string;
}

/** Checks a parsed file (or what the environment gives in its place); finds every mistake. */
export function checkInput(
  given: FileInput,
): { output: FileOutput } | { mistakes: readonly Mistake[] } {
  const { input, mistakes: lists } = withoutLists(given);
  const result = safeParse(FILE_SCHEMA, input);
  const mistakes = [
    ...lists,
    ...(result.issues ?? []).flatMap(mistakesOf),
    ...unknownKeys(input, []),
    ...networksWithoutProvider(input),
    ...imagesWithoutSource(input),
    ...mistakesOfImages(input),
    ...unusableValues(input, []),
  ];
  if (mistakes.length > 0) return { mistakes };
  // Without issues, the output is that of the schema.
  return { output: result.output as FileOutput };
}

/** `a.b."c d"`, as the path would be written in the file. */
export function formatPath(path: readonly string[]): string {
  return path.map((key) => /^[\w-]+$/.test(key) ? key : JSON.stringify(key)).join(".");
}

function mistakesOf(issue: BaseIssue<unknown>): Mistake[] {
  const items = issue.path ?? [];
  const path = items.map((item) => String(item.key));
  if (issue.type === "strict_object") {
    // Of several unknown keys the schema tells only the first; `unknownKeys` finds them all.
    if (issue.expected === "never") return [];
    if (issue.received === "undefined") return [{ path, at: "key", message: "missing" }];
  }
  if (items.at(-1)?.origin === "key") return [{ path, at: "key", message: issue.message }];
  // A parser of ours has said what it got.
  const got = issue.type === "raw_transform" ? "" : `, got ${show(issue.input)}`;
  return [{ path, at: "value", message: issue.message + got }];
}

/**
 * `[[networks]]` makes a list where a table of tables belongs. The schema would take its indexes
 * for names, so lists are told here and left out of what it gets.
 */
function withoutLists(input: FileInput): { input: FileInput; mistakes: Mistake[] } {
  const mistakes: Mistake[] = [];
  const strip = (table: Record<string, unknown>, path: readonly string[]): FileInput =>
    Object.fromEntries(
      Object.entries(table).flatMap(([key, value]): [string, unknown][] => {
        const here = [...path, key];
        if (!isTableOfFile(here)) return [[key, value]];
        if (Array.isArray(value)) {
          const brackets = isNamed(here) ? `[${formatPath(here)}.NAME]` : `[${formatPath(here)}]`;
          const message = `expected a table, got a list: write ${brackets}`;
          mistakes.push({ path: here, at: "key", message });
          return [];
        }
        return [[key, isTable(value) && isNamed(here) ? strip(value, here) : value]];
      }),
    );
  return { input: strip(input, []), mistakes };
}

/** Tables whose keys are names of the user's. */
function isNamed(path: readonly string[]): boolean {
  return path.length === 1 && ["backends", "networks", "plugins", "images"].includes(path[0] ?? "");
}

function isTableOfFile(path: readonly string[]): boolean {
  return path.length === 2 || isNamed(path) || ["defaults", "store"].includes(path[0] ?? "");
}

function unknownKeys(value: unknown, path: readonly string[]): Mistake[] {
  if (Array.isArray(value)) {
    return value.flatMap((each, index) => unknownKeys(each, [...path, String(index)]));
  }
  if (!isTable(value)) return [];
  const known = knownKeys(path);
  return Object.entries(value).flatMap(([key, each]): Mistake[] => {
    const here = [...path, key];
    if (known === undefined || known.includes(key)) return unknownKeys(each, here);
    return [{ path: here, at: "key", message: `unknown key${nearKey(key, path, known)}` }];
  });
}

/** A default at the top level is the likeliest mistake: there it is not a misspelling. */
function nearKey(key: string, path: readonly string[], known: readonly string[]): string {
  return path.length === 0 && knownKeys(["defaults"])?.includes(key)
    ? " here; it belongs into [defaults]"
    : didYouMean(key, known);
}

function networksWithoutProvider(input: FileInput): Mistake[] {
  if (!isTable(input["networks"])) return [];
  return Object.entries(input["networks"])
    .filter(([name, table]) =>
      isTable(table) && !Object.hasOwn(table, "provider") && !IMPLICIT_NETWORKS.includes(name)
    )
    .map(([name]) => ({ path: ["networks", name, "provider"], at: "key", message: "missing" }));
}

/** An image is at one address, or at one for each architecture. */
function imagesWithoutSource(input: FileInput): Mistake[] {
  if (!isTable(input["images"])) return [];
  return Object.entries(input["images"])
    .filter(([, table]) =>
      isTable(table) && !["source", "x86_64", "aarch64"].some((key) => Object.hasOwn(table, key))
    )
    .map(([name]) => ({ path: ["images", name, "source"], at: "key", message: "missing" }));
}

/** Values that TOML has and plugins' settings, which are JSON, have not. */
function unusableValues(value: unknown, path: readonly string[]): Mistake[] {
  if (value instanceof Date) {
    return [{ path, at: "value", message: "expected a text in quotes, got a date" }];
  }
  if (typeof value === "number" && !Number.isFinite(value)) {
    return [{ path, at: "value", message: `expected a finite number, got ${value}` }];
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, each]) => unusableValues(each, [...path, key]));
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (isTable(value)) return "a table";
  return JSON.stringify(value);
}
