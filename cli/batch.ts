import { CocoonError, joinErrors } from "../errors/error.ts";
import { explainUnexpected } from "../errors/unexpected.ts";
import type { Context } from "./context.ts";
import { type OutputFormat, printJson } from "./output.ts";

/** How many things are worked on at once: enough to hide waiting, few enough for a laptop. */
const PARALLEL = 4;

/** What came of one thing. */
export interface Result {
  /** The line of the table, where the work has given it another name. */
  name: string;
  /** The element of `succeeded` in the JSON output. */
  json: unknown;
}

/** A verb on several things. */
export interface Batch<T> {
  /** What the user typed. */
  references: readonly string[];
  /** Finds the thing; the same thing by two references is worked on once. */
  resolve(reference: string): T | Promise<T>;
  /** Identity of a thing. */
  id(thing: T): string;
  /** Name of a thing, for the output. */
  name(thing: T): string;
  /** Does the work on one; what it gives takes the place of the name in the output. */
  run(thing: T): Promise<Result | void>;
  /** How many at once. @default {4} */
  parallel?: number;
}

/** One thing that the work failed on; an element of `failed` in the JSON output. */
interface FailedItem {
  name: string;
  error: string;
  code: string;
}

/**
 * Runs a verb on several things. All references are resolved first: if one of them is wrong,
 * nothing is done. Then each thing is worked on, whatever happens to the others, and the names of
 * those that succeeded are printed as they do (or all at the end, as one JSON document).
 * @throws {CocoonError} all failures in one, after everything was tried
 */
export async function runBatch<T>(
  context: Context,
  format: OutputFormat,
  batch: Batch<T>,
): Promise<void> {
  const things = await resolveAll(batch);
  const succeeded = new Map<T, unknown>();
  const failures = new Map<T, CocoonError>();
  await forEachBounded(things, batch.parallel ?? PARALLEL, async (thing) => {
    try {
      if (context.signal.aborted) throw notBegun(batch.name(thing));
      const { name, json } = await batch.run(thing) ??
        { name: batch.name(thing), json: batch.name(thing) };
      succeeded.set(thing, json);
      if (format === "table") context.stdout(`${name}\n`);
    } catch (error) {
      failures.set(thing, asCocoonError(error, batch.name(thing)));
    }
  });
  // In the order of the command line, not in that of the ends.
  const failed = things.flatMap((thing) => {
    const error = failures.get(thing);
    return error === undefined ? [] : [{ name: batch.name(thing), error }];
  });
  if (format === "json") {
    printJson(context, {
      succeeded: things.filter((thing) => succeeded.has(thing)).map((thing) =>
        succeeded.get(thing)
      ),
      failed: failed.map(({ name, error }): FailedItem => ({
        name,
        error: error.message,
        code: error.code,
      })),
    });
  }
  if (failed.length > 0) throw joinErrors(failed.map(({ error }) => error));
}

async function resolveAll<T>(batch: Batch<T>): Promise<T[]> {
  const things = new Map<string, T>();
  const errors = new Map<string, CocoonError>();
  for (const reference of batch.references) {
    try {
      const thing = await batch.resolve(reference);
      things.set(batch.id(thing), thing);
    } catch (error) {
      if (!(error instanceof CocoonError)) throw error;
      errors.set(reference, error);
    }
  }
  if (errors.size > 0) throw joinErrors([...errors.values()]);
  return [...things.values()];
}

/** Calls `work` for each item, at most `limit` at once. `work` never rejects. */
async function forEachBounded<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const worker = async () => {
    for (const item of queue) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}

function notBegun(name: string): CocoonError {
  return new CocoonError("interrupted", `${name}: not begun, because of the interrupt`);
}

function asCocoonError(error: unknown, name: string): CocoonError {
  return error instanceof CocoonError ? error : explainUnexpected(error, name);
}
