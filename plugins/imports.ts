/**
 * What a user's plugin imports, found in its text, so that nothing is fetched from a registry or a
 * server before it is refused. What a module imports by a computed name is not seen.
 */
import { CocoonError } from "../errors/error.ts";

/** A module that a text imports. */
export interface Import {
  specifier: string;
  /** Of the specifier's first character, counted from 0. */
  index: number;
}

/** Texts, comments and words of an import, in the order in which one is tried before the other. */
const TOKEN = new RegExp(
  [
    String.raw`//[^\n]*|/\*[\s\S]*?\*/`,
    // `import type from "x"` imports a value that is called type.
    String.raw`(?<type>\b(?:import|export)\s+type\b(?!\s+from\s*["']|\s*,))`,
    // After a dot it is a method, such as that of Buffer.
    String.raw`(?<lead>(?<![.\w$])(?:from\s*|import\s*\(?\s*))(?<quoted>"[^"\n]*"|'[^'\n]*')`,
    String.raw`(?<other>\b(?:import|export)\b)`,
    String.raw`"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'`,
    String.raw`\x60(?:[^\x60\\]|\\[\s\S])*\x60`,
  ].join("|"),
  "g",
);

/** The modules that are loaded with this text; those of types alone are not. */
export function importsIn(text: string): Import[] {
  const found: Import[] = [];
  let typesOnly = false;
  for (const { index, groups } of text.matchAll(TOKEN)) {
    const { type, lead, quoted, other } = groups ?? {};
    if (type !== undefined) typesOnly = true;
    else if (other !== undefined) typesOnly = false;
    else if (lead !== undefined && quoted !== undefined) {
      const isFrom = lead.startsWith("from");
      if (!isFrom || !typesOnly) {
        found.push({ specifier: quoted.slice(1, -1), index: index + lead.length });
      }
      typesOnly = false;
    }
  }
  return found;
}

/** `cocoon/plugin`, Deno's own modules, and files. */
const ALLOWED = /^(cocoon\/plugin$|node:|data:|file:|\.{0,2}\/)/;
const MODULE = /\.[cm]?[jt]sx?$/;

/**
 * Looks at a module and at all files that it imports.
 * @param who the plugin, in front of messages
 * @throws {CocoonError} `usage` with the place of the first import that is none of a plugin's
 */
export async function refuseRegistries(who: string, url: string): Promise<void> {
  const seen = new Set([url]);
  // A set gives what is added while it is walked, too.
  for (const module of seen) {
    const file = new URL(module);
    const path = decodeURIComponent(file.pathname);
    let text: string;
    try {
      text = await Deno.readTextFile(file);
    } catch {
      continue; // whoever loads it finds better words
    }
    for (const { specifier, index } of importsIn(text)) {
      if (!ALLOWED.test(specifier)) throw refusal(who, specifier, path, text.slice(0, index));
      const target = URL.parse(specifier, module);
      if (target?.protocol === "file:" && MODULE.test(target.pathname)) seen.add(target.href);
    }
  }
}

function refusal(who: string, specifier: string, file: string, before: string): CocoonError {
  const lines = before.split("\n");
  return new CocoonError(
    "usage",
    `${who}: imports "${specifier}", but cocoon gets no code from a registry or a server`,
    {
      hint: "Import cocoon/plugin, node: modules, files by their paths, and types by " +
        "`import type`.\nBundle the rest into the plugin, for example with `deno bundle`.",
      position: { file, line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1 },
    },
  );
}
