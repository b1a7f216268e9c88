import type { Command } from "@stricli/core";
import type { Frame } from "./command.ts";
import type { Noun } from "./routes.ts";
import { renderColumns, wrapLast } from "./table.ts";

/** The help of a group of commands: made from the list of routes alone, nothing is loaded. */
export function groupHelp(name: string, noun: Noun): string {
  const shown = Object.entries(noun.routes).filter(([, route]) =>
    route.kind === "noun" || !route.hidden
  );
  const otherWords = (route: string) =>
    Object.entries(noun.aliases).filter(([, target]) => target === route).map(([alias]) => alias);
  return document([
    ["USAGE", [`${name} COMMAND`]],
    [undefined, [noun.brief]],
    [
      "COMMANDS",
      renderColumns(
        shown.map(([word, route]) => [[word, ...otherWords(word)].join(", "), route.brief]),
      ),
    ],
    [undefined, [`Run "${name} COMMAND --help" for the arguments and flags of a command.`]],
  ]);
}

/** The help of one command: its texts are those of the parser's declaration. */
export function commandHelp(name: string, command: Command<Frame>): string {
  const { flags = {}, aliases = {}, positional } = command.parameters;
  const shown = Object.entries(flags).filter(([, flag]) => !flag.hidden);
  const letters = new Map(Object.entries(aliases).map(([letter, flag]) => [flag, `-${letter}`]));
  const args = positional === undefined
    ? []
    : positional.kind === "array"
    ? [positional.parameter]
    : positional.parameters;
  return document([
    ["USAGE", [[name, "[FLAGS]", ...usageOf(positional)].join(" ")]],
    [undefined, (command.fullDescription ?? command.brief).split("\n")],
    ["ARGUMENTS", renderColumns(args.map((arg) => [arg.placeholder ?? "ARG", arg.brief]))],
    ["FLAGS", renderColumns(wrapLast([...shown.map(flagRow), HELP_ROW], TABLE_WIDTH))],
  ]);

  function flagRow([flag, spec]: [string, Flag]): string[] {
    return [letters.get(flag) ?? "", flagName(flag, spec), about(spec)];
  }
}

/** Columns of a table in a help, without its indent: it fits a terminal of 100. */
const TABLE_WIDTH = 96;

const HELP_ROW = ["-h", "--help", "Print this help"];

type Parameters = Command<Frame>["parameters"];
type Flag = NonNullable<Parameters["flags"]>[string];

function usageOf(positional: Parameters["positional"]): string[] {
  if (positional === undefined) return [];
  if (positional.kind === "array") {
    const name = `${positional.parameter.placeholder ?? "ARG"}...`;
    return [(positional.minimum ?? 0) > 0 ? name : `[${name}]`];
  }
  return positional.parameters.map((arg) => {
    const name = arg.placeholder ?? "ARG";
    return arg.optional || arg.default !== undefined ? `[${name}]` : name;
  });
}

function flagName(name: string, flag: Flag): string {
  const long = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  switch (flag.kind) {
    case "boolean":
    case "counter":
      return long;
    case "enum":
      return `${long} ${flag.placeholder ?? flag.values.join("|")}`;
    case "parsed":
      return `${long} ${flag.placeholder ?? "VALUE"}`;
  }
}

function about(flag: Flag): string {
  const notes: string[] = [];
  if (flag.kind !== "boolean" && flag.kind !== "counter") {
    if (flag.default !== undefined) notes.push(`default: ${String(flag.default)}`);
    if (flag.variadic) notes.push("repeatable");
    if (!flag.optional && flag.default === undefined) notes.push("required");
  }
  return notes.length === 0 ? flag.brief : `${flag.brief} (${notes.join(", ")})`;
}

/** Sections with headings, their lines indented; one without a heading is plain text. */
function document(sections: readonly (readonly [string | undefined, readonly string[]])[]): string {
  return sections.filter(([, lines]) => lines.length > 0).map(([heading, lines]) =>
    heading === undefined
      ? lines.map((line) => `${line}\n`).join("")
      : `${heading}\n${lines.map((line) => `  ${line}\n`).join("")}`
  ).join("\n");
}
