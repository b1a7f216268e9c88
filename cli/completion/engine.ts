import { proposeCompletions } from "@stricli/core";
import { GLOBAL_FLAGS } from "../command.ts";
import type { Outside } from "../context.ts";
import { buildParser } from "../parser.ts";
import type { Noun } from "../routes.ts";
import { openSession } from "../session.ts";
import { type Walk, walk } from "../walk.ts";

/** One proposal for the word under the cursor. */
export interface Proposal {
  word: string;
  brief: string;
}

/**
 * `cocoon complete WORD...`: prints proposals for the last word, one a line, `WORD<TAB>BRIEF`.
 * Called by the scripts of the shells at every TAB, so it is quick, changes nothing (no home is
 * made) and never complains: without a proposal the shell completes file names.
 */
export async function complete(
  words: readonly string[],
  outside: Outside,
  root: Noun,
): Promise<number> {
  try {
    const proposals = await propose(words, outside, root);
    outside.stdout(proposals.map(({ word, brief }) => `${word}\t${brief}\n`).join(""));
  } catch {
    // A half-typed line may be wrong in any way, and a message would stand in the middle of it.
  }
  return 0;
}

/** The proposals for the last of `words`, which may be empty. */
export async function propose(
  words: readonly string[],
  outside: Outside,
  root: Noun,
): Promise<Proposal[]> {
  const partial = words.at(-1) ?? "";
  const before = words.slice(0, -1);
  const step = walk(before, root);
  switch (step.kind) {
    case "unknown":
      return [];
    case "help":
      return proposeRoutes(step.noun, partial);
    case "verb":
      return await proposeArguments(step, partial, outside);
  }
}

function proposeRoutes(noun: Noun, partial: string): Proposal[] {
  const routes = Object.entries(noun.routes)
    .filter(([, route]) => route.kind === "noun" || !route.hidden)
    .map(([word, { brief }]) => ({ word, brief }));
  // Flags only when asked for: a list of commands is no place to look for them.
  const flags = partial.startsWith("-")
    ? Object.entries(GLOBAL_FLAGS).map(([name, { brief }]) => ({ word: `--${name}`, brief }))
    : [];
  return [...routes, ...flags].filter(({ word }) => word.startsWith(partial));
}

async function proposeArguments(
  { path, verb, rest }: Extract<Walk, { kind: "verb" }>,
  partial: string,
  outside: Outside,
): Promise<Proposal[]> {
  // What follows is for the guest, and nothing is known of its commands.
  if (rest.includes("--")) return [];
  const { command } = await verb.load();
  const { application } = buildParser(path.join(" "), verb.brief, command, () => {});
  const [, flag = "", value] = /^(--[a-z-]+=)(.*)$/s.exec(partial) ?? [];
  const inputs = value === undefined ? [...rest, partial] : [...rest, flag.slice(0, -1), value];
  using context = openSession(outside, homeIn(rest), { makesHome: false });
  const found = await proposeCompletions(application, inputs, {
    process: { stdout: { write: () => {} }, stderr: { write: () => {} } },
    context,
    execute: () => Promise.resolve(),
  });
  return found
    .filter(({ kind }) => kind === "argument:value" || partial.startsWith("-"))
    .filter(({ completion }) => completion !== "--")
    // What a value is, its flag or its place has said already.
    .map(({ kind, completion, brief }) => ({
      word: flag + completion,
      brief: kind === "argument:value" ? "" : brief,
    }));
}

/** The value of `--home` in words that are not parsed yet. */
function homeIn(words: readonly string[]): { home?: string } {
  for (const [index, word] of words.entries()) {
    const home = word === "--home" ? words[index + 1] : /^--home=(.+)$/s.exec(word)?.[1];
    if (home !== undefined) return { home };
  }
  return {};
}
