import { CocoonError } from "../errors/error.ts";
import type { Reservations } from "../plugins/contract.ts";
import { type Database, transaction } from "./database.ts";

/** Values that belong to one machine at a time: host ports, addresses. */
export class ReservationTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * The view of one NIC. Its reservations end with the machine's row.
   * @param owner tells the NICs of a machine apart
   */
  of(machineId: string, owner: string): Reservations {
    return {
      reserve: (kind, candidates, usable) =>
        transaction(this.#db, () => {
          const { value, given } = this.#choose(machineId, owner, kind, [...candidates], usable);
          for (const old of given) {
            this.#db.prepare("DELETE FROM reservations WHERE kind = ? AND value = ?")
              .run(kind, old);
          }
          this.#db.prepare(
            "INSERT OR IGNORE INTO reservations (kind, value, machine_id, owner) " +
              "VALUES (?, ?, ?, ?)",
          ).run(kind, value, machineId, owner);
          return value;
        }),
    };
  }

  /**
   * The same view, which says what would be reserved now and reserves nothing. What the owner has
   * already counts as usable: the one that uses it may be its own hypervisor.
   */
  preview(machineId: string, owner: string): Reservations {
    return {
      reserve: (kind, candidates, usable) => {
        const own = new Set(this.#ownOf(machineId, owner, kind));
        const orOwn = (value: string) => own.has(value) || usable(value);
        return this.#choose(machineId, owner, kind, [...candidates], orOwn).value;
      },
    };
  }

  /**
   * The first candidate that is or can become the owner's.
   * @returns it, and the values that the owner gives back for it
   */
  #choose(
    machineId: string,
    owner: string,
    kind: string,
    candidates: string[],
    usable: (value: string) => boolean,
  ): { value: string; given: string[] } {
    const allowed = new Set(candidates);
    const own = this.#ownOf(machineId, owner, kind);
    const taken = new Set(
      this.#db.prepare("SELECT value FROM reservations WHERE kind = ?").all(kind)
        .map((row) => String(row["value"])),
    );
    const kept = own.find((value) => allowed.has(value) && usable(value));
    if (kept !== undefined) return { value: kept, given: [] };
    for (const value of candidates) {
      if (taken.has(value) || !usable(value)) continue;
      // What is no longer usable is kept reserved only if it is still wanted by another list.
      return { value, given: own.filter((old) => allowed.has(old)) };
    }
    const what = candidates.length === 1 ? `${kind} ${candidates[0]}` : `a ${kind}`;
    throw new CocoonError(
      "conflict",
      `${what} cannot be had: ${candidates.length === 1 ? "it is" : "all are"} in use`,
      { hint: "Stop what uses it, or choose another one." },
    );
  }

  #ownOf(machineId: string, owner: string, kind: string): string[] {
    return this.#db.prepare(
      "SELECT value FROM reservations WHERE kind = ? AND machine_id = ? AND owner = ?",
    ).all(kind, machineId, owner).map((row) => String(row["value"]));
  }
}
