import { CocoonError } from "../../errors/error.ts";
import type { Benchmark } from "./result.ts";

/** What the command line asks for. */
export interface Wish {
  benchmarks: Benchmark[];
  rounds?: number;
  output: "table" | "json";
}

/** @throws {CocoonError} `usage` for anything that is no benchmark and no flag */
export function parseArgs(args: readonly string[], known: readonly Benchmark[]): Wish {
  const hint = "deno task bench [NAME...] [--rounds N] [--output table|json]; names: " +
    known.map(({ name }) => name).join(", ");
  const wish: Wish = { benchmarks: [], output: "table" };
  const words = args.flatMap((word) => /^--\w+=/.test(word) ? split(word) : [word]);
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === "--rounds") wish.rounds = roundsOf(words.shift(), hint);
    else if (word === "--output") wish.output = outputOf(words.shift(), hint);
    else {
      const benchmark = known.find(({ name }) => name === word);
      if (benchmark === undefined) {
        throw new CocoonError("usage", `unknown benchmark "${word}"`, { hint });
      }
      wish.benchmarks.push(benchmark);
    }
  }
  if (wish.benchmarks.length === 0) wish.benchmarks.push(...known);
  return wish;
}

function split(word: string): string[] {
  const equals = word.indexOf("=");
  return [word.slice(0, equals), word.slice(equals + 1)];
}

function roundsOf(text: string | undefined, hint: string): number {
  const rounds = Number(text);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new CocoonError("usage", `--rounds: expected a whole number, got "${text ?? ""}"`, {
      hint,
    });
  }
  return rounds;
}

function outputOf(text: string | undefined, hint: string): "table" | "json" {
  if (text === "table" || text === "json") return text;
  throw new CocoonError("usage", `--output: expected table or json, got "${text ?? ""}"`, { hint });
}
