import { type Application, buildApplication, type Command, text_en } from "@stricli/core";
import type { Frame } from "./command.ts";
import type { Verb } from "./routes.ts";

/** Called with each complaint of the parser about a command line; see `usageMessage`. */
export type OnComplaint = (error: unknown) => void;

/** The parser of one verb. */
export interface Parser {
  application: Application<Frame>;
  /** Names of its flags, as in the code. */
  flags: readonly string[];
}

/**
 * Builds the parser of one verb; the code of all other verbs stays unloaded. Of the parser's
 * program this uses the part for one command: words are followed by `walk`, and texts are ours.
 */
export async function loadParser(
  name: string,
  verb: Verb,
  onComplaint: OnComplaint,
): Promise<Parser> {
  const { command } = await verb.load();
  const built = command.build(verb.brief);
  return {
    application: application(name, built, onComplaint),
    flags: Object.keys(built.parameters.flags ?? {}),
  };
}

function application(
  name: string,
  command: Command<Frame>,
  onComplaint: OnComplaint,
): Application<Frame> {
  return buildApplication<Frame>(command, {
    name,
    scanner: {
      caseStyle: "allow-kebab-for-camel",
      allowArgumentEscapeSequence: true,
    },
    documentation: { disableAnsiColor: true },
    localization: {
      text: {
        ...text_en,
        exceptionWhileParsingArguments(error) {
          onComplaint(error);
          return "";
        },
      },
    },
  }, {
    help: {
      flag: {
        brief: "Print this help",
        aliases: ["h"],
        complete: true,
        async run() {
          const { commandHelp } = await import("./help.ts");
          this.process.stdout.write(commandHelp(name, command));
        },
      },
    },
  });
}
