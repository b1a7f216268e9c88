import { type Application, buildApplication, type Command, text_en } from "@stricli/core";
import type { Frame } from "./command.ts";
import type { Verb } from "./routes.ts";

/** Called with each complaint of the parser about a command line; see `usageMessage`. */
export type OnComplaint = (error: unknown) => void;

/**
 * Builds the parser of one verb; the code of all other verbs stays unloaded. Of the parser's
 * program this uses the part for one command: words are followed by `walk`, and texts are ours.
 */
export async function loadParser(
  name: string,
  verb: Verb,
  onComplaint: OnComplaint,
): Promise<Application<Frame>> {
  const { command } = await verb.load();
  return application(name, command.build(verb.brief), onComplaint);
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
      distanceOptions: {
        // The parser's own weights; its threshold of 7 proposes words that share two letters.
        threshold: 4,
        weights: { insertion: 1, deletion: 3, substitution: 2, transposition: 0 },
      },
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
