import { CocoonError } from "../errors/error.ts";
import { type Database, transaction } from "./database.ts";
import type { MachineRecord } from "./machine_record.ts";

/** The machines' rows. Every method is one transaction; nothing is cached. */
export class MachineTable {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  /** All machines, oldest first. */
  list(): MachineRecord[] {
    return this.#db.prepare("SELECT record FROM machines ORDER BY rowid").all().map(parse);
  }

  get(id: string): MachineRecord | undefined {
    const row = this.#db.prepare("SELECT record FROM machines WHERE id = ?").get(id);
    return row === undefined ? undefined : parse(row);
  }

  byName(name: string): MachineRecord | undefined {
    const row = this.#db.prepare("SELECT record FROM machines WHERE name = ?").get(name);
    return row === undefined ? undefined : parse(row);
  }

  /** All names, for completion and suggestions. */
  names(): string[] {
    return this.#db.prepare("SELECT name FROM machines ORDER BY name").all()
      .map((row) => String(row["name"]));
  }

  /** Names of the machines whose root disk came from this image. */
  usersOf(imageDigest: string): string[] {
    return this.#db.prepare("SELECT name FROM machines WHERE image_digest = ? ORDER BY name")
      .all(imageDigest).map((row) => String(row["name"]));
  }

  /**
   * Adds a machine and thereby reserves its name and pins its image.
   * @throws {CocoonError} `conflict` when the name is taken, `not-found` when the image has been
   * removed meanwhile
   */
  insert(record: MachineRecord): void {
    transaction(this.#db, () => {
      if (this.byName(record.name) !== undefined) {
        throw new CocoonError("conflict", `machine "${record.name}" exists already`, {
          hint: `Choose another --name, or remove it: cocoon vm rm ${record.name}`,
        });
      }
      const digest = record.imageDigest;
      if (
        digest !== undefined &&
        this.#db.prepare("SELECT 1 FROM images WHERE digest = ?").get(digest) === undefined
      ) {
        throw new CocoonError(
          "not-found",
          `image ${digest}: removed while it was about to be used`,
          {
            hint: "Run the command again.",
          },
        );
      }
      this.#db.prepare("INSERT INTO machines (id, name, image_digest, record) VALUES (?, ?, ?, ?)")
        .run(record.id, record.name, record.imageDigest ?? null, JSON.stringify(record));
    });
  }

  /**
   * Changes a record: `change` gets the stored one and returns the new one (or the same object
   * for no change). Returns what is stored afterwards, undefined if the machine is gone.
   */
  update(
    id: string,
    change: (record: MachineRecord) => MachineRecord,
  ): MachineRecord | undefined {
    return transaction(this.#db, () => {
      const before = this.get(id);
      if (before === undefined) return undefined;
      const after = change(before);
      if (after === before) return before;
      this.#db.prepare("UPDATE machines SET name = ?, image_digest = ?, record = ? WHERE id = ?")
        .run(after.name, after.imageDigest ?? null, JSON.stringify(after), id);
      return after;
    });
  }

  /** Removes a machine and all its reservations; a machine that is not there is no error. */
  delete(id: string): void {
    transaction(this.#db, () => {
      this.#db.prepare("DELETE FROM machines WHERE id = ?").run(id);
    });
  }
}

function parse(row: Record<string, unknown>): MachineRecord {
  // Only this class writes the column, from a MachineRecord; migrations keep old rows readable.
  return JSON.parse(String(row["record"])) as MachineRecord;
}
