import { CocoonError } from "../errors/error.ts";
import { didYouMean } from "../errors/suggest.ts";
import type { MachineRecord } from "../state/machine_record.ts";
import type { Store } from "../state/store.ts";

/** Shortest part of an id that is accepted in its place. */
const MIN_PREFIX = 3;

/**
 * The machine that a reference means: its exact id, else its name, else the start of its id (at
 * least {@linkcode MIN_PREFIX} characters).
 * @throws {CocoonError} `not-found`, or `usage` when several ids begin so
 */
export function findMachine(store: Store, reference: string): MachineRecord {
  const exact = store.machines.get(reference) ?? store.machines.byName(reference);
  if (exact !== undefined) return exact;
  if (reference.length >= MIN_PREFIX) {
    const hits = store.machines.list().filter((record) => record.id.startsWith(reference));
    const [first, ...others] = hits;
    if (first !== undefined && others.length === 0) return first;
    if (first !== undefined) {
      throw new CocoonError(
        "usage",
        `machine "${reference}": the ids of ${hits.length} machines begin so: ${
          hits.map((hit) => `${hit.id} (${hit.name})`).join(", ")
        }`,
        { hint: "Give more of the id, or the name." },
      );
    }
  }
  const near = didYouMean(reference, store.machines.names());
  throw new CocoonError("not-found", `machine "${reference}" does not exist${near}`, {
    hint: "List the machines: cocoon vm list",
  });
}
