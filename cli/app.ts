import { CocoonError, EXIT_CODES } from "../errors/error.ts";
import { addPrecaution } from "../host/foreign_code.ts";
import type { Outside } from "./context.ts";
import { OutputClosed } from "./outside.ts";
import { type Noun, root as realRoot, type Verb } from "./routes.ts";
import { openSession } from "./session.ts";
import { type Walk, walk } from "./walk.ts";

/** The program's name in its own texts. */
const PROGRAM = "cocoon";

/** Exit status when nobody reads the output any more: 128 + SIGPIPE, as programs commonly end. */
const OUTPUT_CLOSED = 141;

/**
 * Runs one command line to its end and returns the exit status. Never rejects: every failure is
 * reported on standard error. What only a failure or `--help` needs is loaded when it comes.
 */
export async function runApp(
  argv: readonly string[],
  outside: Outside,
  root: Noun = realRoot,
): Promise<number> {
  // A plugin whose import fails must not take the reporting of that with it.
  addPrecaution({ before: () => import("./report.ts") });
  try {
    if (argv[0] === "complete") {
      const { complete } = await import("./completion/engine.ts");
      return await complete(argv.slice(1), outside, root);
    }
    return await dispatch(walk(argv, root), outside);
  } catch (error) {
    // `cocoon vm list | head -1`: nothing failed that anybody wants to read about.
    if (error instanceof OutputClosed) return OUTPUT_CLOSED;
    const { exitCodeOf, reportError } = await import("./report.ts");
    const interrupted = outside.signal.aborted;
    const failure = interrupted && !(error instanceof CocoonError) ? outside.signal.reason : error;
    reportError(outside, failure, { debug: asksForDebug(argv) });
    return interrupted ? EXIT_CODES.interrupted : exitCodeOf(failure);
  }
}

async function dispatch(step: Walk, outside: Outside): Promise<number> {
  const name = [PROGRAM, ...step.path].join(" ");
  switch (step.kind) {
    case "help": {
      const { groupHelp } = await import("./help.ts");
      outside.stdout(groupHelp(name, step.noun));
      return 0;
    }
    case "unknown": {
      const { didYouMean } = await import("../errors/suggest.ts");
      throw new CocoonError(
        "usage",
        `unknown command "${step.word}"${didYouMean(step.word, step.candidates)}`,
        { hint: `Run "${name} --help" for the commands.` },
      );
    }
    case "verb":
      return await runVerb(name, step.verb, step.rest, outside);
  }
}

async function runVerb(
  name: string,
  verb: Verb,
  inputs: readonly string[],
  outside: Outside,
): Promise<number> {
  const { command } = await verb.load();
  const body = inputs.length === 0 ? command.bare() : undefined;
  if (body === undefined) {
    const { parseAndRun } = await import("./parser.ts");
    return await parseAndRun(name, verb.brief, command, inputs, outside);
  }
  using session = openSession(outside, {});
  return await body(session) ?? 0;
}

/** Asked of the words, because a line that cannot be parsed can be asked to be explained too. */
function asksForDebug(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end < 0 ? undefined : end).includes("--debug");
}
