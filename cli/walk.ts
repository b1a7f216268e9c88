import { CocoonError } from "../errors/error.ts";
import { GLOBAL_FLAGS } from "./command.ts";
import type { Noun, Verb } from "./routes.ts";

/** Where the leading words of a command line lead. */
export type Walk =
  | { kind: "verb"; path: string[]; verb: Verb; rest: string[] }
  | { kind: "help"; path: string[]; noun: Noun }
  | { kind: "unknown"; path: string[]; word: string; candidates: string[] };

/**
 * Follows the words of the command line to a verb, without loading any. Global flags may stand
 * before and between them; they are handed on with the rest. `help` may stand for `--help`.
 * @throws {CocoonError} `usage` for `--flag=` without a value, which the parser would take for an
 * argument
 */
export function walk(argv: readonly string[], root: Noun): Walk {
  refuseEmptyValues(argv);
  const words = [...argv];
  const path: string[] = [];
  const flags: string[] = [];
  let wantsHelp = false;
  let noun = root;
  while (true) {
    const word = words.shift();
    if (word === undefined) return { kind: "help", path, noun };
    const values = globalFlagValues(word);
    if (values !== undefined) {
      flags.push(word, ...words.splice(0, values));
    } else if (word === "help" || word === "--help" || word === "-h") {
      wantsHelp = true;
    } else if (word === "--version" && noun === root) {
      words.unshift("version");
    } else {
      const route = routeOf(noun, word);
      if (route === undefined) {
        return { kind: "unknown", path, word, candidates: candidatesOf(noun, word) };
      }
      path.push(word);
      if (route.kind === "verb") {
        const rest = wantsHelp ? ["--help"] : [...flags, ...words];
        return { kind: "verb", path, verb: route, rest };
      }
      noun = route;
    }
  }
}

/** The route that a word names; prototype properties such as `constructor` are no words. */
export function routeOf(noun: Noun, word: string): Noun | Verb | undefined {
  const name = Object.hasOwn(noun.aliases, word) ? noun.aliases[word] : word;
  return name !== undefined && Object.hasOwn(noun.routes, name) ? noun.routes[name] : undefined;
}

/** How many values follow a global flag; undefined for any other word. */
function globalFlagValues(word: string): number | undefined {
  if (!word.startsWith("--")) return undefined;
  const [, name, value] = /^--([a-z]+)(=.*)?$/s.exec(word) ?? [];
  if (name === undefined || !Object.hasOwn(GLOBAL_FLAGS, name)) return undefined;
  // The line above found the name among the keys.
  const { kind } = GLOBAL_FLAGS[name as keyof typeof GLOBAL_FLAGS];
  return kind === "boolean" || value !== undefined ? 0 : 1;
}

function candidatesOf(noun: Noun, word: string): string[] {
  // A mistyped global flag is compared with the flags, anything else with the words.
  if (word.startsWith("-")) return ["--help", ...Object.keys(GLOBAL_FLAGS).map((n) => `--${n}`)];
  const shown = Object.entries(noun.routes)
    .filter(([, route]) => route.kind === "noun" || !route.hidden).map(([name]) => name);
  return [...shown, ...Object.keys(noun.aliases)];
}

function refuseEmptyValues(argv: readonly string[]): void {
  for (const word of argv) {
    if (word === "--") return;
    const flag = word.slice(0, -1);
    if (word.endsWith("=") && /^--[a-z][a-z-.\d_]+$/i.test(flag)) {
      throw new CocoonError("usage", `${flag}= has no value`, {
        hint: `Give one, or leave ${flag} out.`,
      });
    }
  }
}
