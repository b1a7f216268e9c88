import type { CommandDefinition } from "./command.ts";

/** A command that can be run; its code is loaded when it is chosen. */
export interface Verb {
  kind: "verb";
  brief: string;
  load(): Promise<{ command: CommandDefinition }>;
  /** Not in lists: called by cocoon itself. */
  hidden: boolean;
}

/** A group of verbs. */
export interface Noun {
  kind: "noun";
  brief: string;
  routes: Readonly<Record<string, Route>>;
  /** Other words for some of the routes. */
  aliases: Readonly<Record<string, string>>;
}

/** One word of the command line. */
export type Route = Verb | Noun;

function verb(brief: string, load: Verb["load"]): Verb {
  return { kind: "verb", brief, load, hidden: false };
}

function noun(brief: string, routes: Noun["routes"]): Noun {
  const aliases = "list" in routes ? { ls: "list" } : {};
  return { kind: "noun", brief, routes, aliases };
}

const image = noun("Get and keep the images that machines are made from", {});

const config = noun("Show and check the configuration", {});

/** Every word that cocoon knows, in the order of its help. */
export const root: Noun = noun(
  "Create, run and look after virtual machines",
  {
    image,
    config,
    version: verb("Print the version", () => import("./version.ts")),
  },
);
