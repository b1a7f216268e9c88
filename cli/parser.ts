import {
  type Application,
  buildApplication,
  buildCommand,
  type Command,
  run,
  text_en,
} from "@stricli/core";
import { CocoonError, joinErrors } from "../errors/error.ts";
import type { CommandDefinition, Frame } from "./command.ts";
import type { Context, Outside } from "./context.ts";
import { openSession } from "./session.ts";

/** Called with each complaint of the parser about a command line; see `usageMessage`. */
export type OnComplaint = (error: unknown) => void;

/** The parser of one verb. */
export interface Parser {
  application: Application<Frame>;
  /** Names of its flags, as in the code. */
  flags: readonly string[];
}

/**
 * Builds the parser of one verb. Of the parser's program this uses the part for one command: words
 * are followed by `walk`, and texts are ours.
 */
export function buildParser(
  name: string,
  brief: string,
  command: CommandDefinition,
  onComplaint: OnComplaint,
): Parser {
  const built = command.build(buildCommand, brief);
  return {
    application: application(name, built, onComplaint),
    flags: Object.keys(built.parameters.flags ?? {}),
  };
}

/**
 * Parses the words behind a verb and runs it; returns the exit status.
 * @throws {CocoonError} `usage` with every mistake of the words; what the command throws
 */
export async function parseAndRun(
  name: string,
  brief: string,
  command: CommandDefinition,
  inputs: readonly string[],
  outside: Outside,
): Promise<number> {
  const complaints: unknown[] = [];
  let status = 0;
  let failure: { error: unknown } | undefined;
  const frame: Frame = {
    process: {
      stdout: { write: (text) => outside.stdout(text) },
      // Only complaints are written there, and those come as errors.
      stderr: { write: () => {} },
    },
    context: openSession(outside, {}),
    async execute(globals, body: (context: Context) => unknown) {
      using session = openSession(outside, globals);
      try {
        const result = await body(session);
        if (typeof result === "number") status = result;
      } catch (error) {
        failure = { error };
      }
    },
  };
  const parser = buildParser(name, brief, command, (error) => complaints.push(error));
  await run(parser.application, inputs, frame);
  if (failure !== undefined) throw failure.error;
  if (complaints.length > 0) throw await usageError(name, complaints, parser.flags);
  return status;
}

async function usageError(
  name: string,
  complaints: readonly unknown[],
  flags: readonly string[],
): Promise<CocoonError> {
  const { usageMessage } = await import("./usage.ts");
  const hint = `Run "${name} --help" for its arguments and flags.`;
  return joinErrors(
    complaints.map((error) => new CocoonError("usage", usageMessage(error, flags), { hint })),
  );
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
