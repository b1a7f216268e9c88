import {
  type Application,
  type ApplicationText,
  buildApplication,
  type Command,
  run,
  text_en,
} from "@stricli/core";
import { CocoonError, EXIT_CODES, joinErrors } from "../errors/error.ts";
import { didYouMean } from "../errors/suggest.ts";
import type { Frame } from "./command.ts";
import type { Context, Outside } from "./context.ts";
import { commandHelp, groupHelp } from "./help.ts";
import { exitCodeOf, reportError } from "./report.ts";
import { type Noun, root as realRoot, type Verb } from "./routes.ts";
import { openSession } from "./session.ts";
import { usageMessage } from "./usage.ts";
import { type Walk, walk } from "./walk.ts";

/** The program's name in its own texts. */
export const PROGRAM = "cocoon";

/**
 * Runs one command line to its end and returns the exit status. Never rejects; every failure is
 * reported on standard error.
 */
export async function runApp(
  argv: readonly string[],
  outside: Outside,
  root: Noun = realRoot,
): Promise<number> {
  try {
    if (argv[0] === "complete") {
      const { complete } = await import("./completion/engine.ts");
      return await complete(argv.slice(1), outside, root);
    }
    return await dispatch(walk(argv, root), outside);
  } catch (error) {
    // `cocoon vm list | head -1` closes the pipe: nothing failed. 141 = 128 + SIGPIPE, as a
    // program gets it that does not handle the signal.
    if (error instanceof Deno.errors.BrokenPipe) return 141;
    const interrupted = outside.signal.aborted;
    const failure = interrupted && !(error instanceof CocoonError) ? outside.signal.reason : error;
    reportError(outside, failure, { debug: asksForDebug(argv) });
    return interrupted ? EXIT_CODES.interrupted : exitCodeOf(failure);
  }
}

async function dispatch(step: Walk, outside: Outside): Promise<number> {
  const name = [PROGRAM, ...step.path].join(" ");
  switch (step.kind) {
    case "help":
      outside.stdout(groupHelp(name, step.noun));
      return 0;
    case "unknown":
      throw new CocoonError(
        "usage",
        `unknown command "${step.word}"${didYouMean(step.word, step.candidates)}`,
        { hint: `Run "${name} --help" for the commands.` },
      );
    case "verb":
      return await runVerb(name, step.verb, step.rest, outside);
  }
}

/** Builds the parser of one verb; all other verbs stay unloaded. */
export async function loadVerb(name: string, verb: Verb): Promise<Application<Frame>> {
  const { command } = await verb.load();
  return application(name, command.build(verb.brief));
}

async function runVerb(
  name: string,
  verb: Verb,
  inputs: readonly string[],
  outside: Outside,
): Promise<number> {
  const complaints: string[] = [];
  let status = 0;
  let failure: { error: unknown } | undefined;
  const frame: Frame & { process: { exitCode?: number | string | null } } = {
    process: {
      stdout: { write: (text) => outside.stdout(text) },
      // The parser says here only what is wrong with the command line, one complaint a write.
      stderr: { write: (text) => void complaints.push(text.trimEnd()) },
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
  await run(await loadVerb(name, verb), inputs, frame);
  if (failure !== undefined) throw failure.error;
  if (complaints.length > 0) {
    const hint = `Run "${name} --help" for its arguments and flags.`;
    throw joinErrors(complaints.map((complaint) => new CocoonError("usage", complaint, { hint })));
  }
  return status;
}

const TEXT: ApplicationText = { ...text_en, exceptionWhileParsingArguments: usageMessage };

function application(name: string, command: Command<Frame>): Application<Frame> {
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
    localization: { text: TEXT },
  }, {
    help: {
      flag: {
        brief: "Print this help",
        aliases: ["h"],
        complete: true,
        run() {
          this.process.stdout.write(commandHelp(name, command));
        },
      },
    },
  });
}

function asksForDebug(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end < 0 ? undefined : end).includes("--debug");
}
