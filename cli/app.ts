import { run } from "@stricli/core";
import { CocoonError, EXIT_CODES, joinErrors } from "../errors/error.ts";
import type { Frame } from "./command.ts";
import { type Context, OutputClosed, type Outside } from "./context.ts";
import { loadParser } from "./parser.ts";
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
  const parser = await loadParser(name, verb, (error) => complaints.push(error));
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

/** Asked of the words, because a line that cannot be parsed can be asked to be explained too. */
function asksForDebug(argv: readonly string[]): boolean {
  const end = argv.indexOf("--");
  return argv.slice(0, end < 0 ? undefined : end).includes("--debug");
}
