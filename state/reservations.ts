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
        this.#reserve(machineId, owner, kind, [...candidates], usable),
    };
  }

  #reserve(
    machineId: string,
    owner: string,
    kind: string,
    candidates: string[],
    usable: (value: string) => boolean,
  ): string {
    const allowed = new Set(candidates);
    return transaction(this.#db, () => {
      const held = this.#db.prepare(
        "SELECT value, machine_id, owner FROM reservations WHERE kind = ?",
      )
        .all(kind);
      const own = held.filter((r) => r["machine_id"] === machineId && r["owner"] === owner)
        .map((r) => String(r["value"]));
      const taken = new Set(held.map((r) => String(r["value"])));
      const kept = own.find((value) => allowed.has(value) && usable(value));
      if (kept !== undefined) return kept;
      for (const value of candidates) {
        if (taken.has(value) || !usable(value)) continue;
        // What is no longer usable is kept reserved only if it is still wanted by another list.
        for (const old of own.filter((o) => allowed.has(o))) {
          this.#db.prepare("DELETE FROM reservations WHERE kind = ? AND value = ?").run(kind, old);
        }
        this.#db.prepare(
          "INSERT INTO reservations (kind, value, machine_id, owner) VALUES (?, ?, ?, ?)",
        ).run(kind, value, machineId, owner);
        return value;
      }
      const what = candidates.length === 1 ? `${kind} ${candidates[0]}` : `a ${kind}`;
      throw new CocoonError(
        "conflict",
        `${what} cannot be had: ${candidates.length === 1 ? "it is" : "all are"} in use`,
        { hint: "Stop what uses it, or choose another one." },
      );
    });
  }
}
