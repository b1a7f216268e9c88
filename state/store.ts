import { type Database, openDatabase } from "./database.ts";
import type { Home } from "./home.ts";
import { ImageTable } from "./images.ts";
import { MachineTable } from "./machines.ts";
import { ReservationTable } from "./reservations.ts";
import { makeRoom } from "./reserve.ts";

/** The open store. Close it with `using`, or leave it to the end of the process. */
export class Store implements Disposable {
  readonly machines: MachineTable;
  readonly images: ImageTable;
  readonly reservations: ReservationTable;
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
    this.machines = new MachineTable(db);
    this.images = new ImageTable(db);
    this.reservations = new ReservationTable(db);
  }

  /** For what is about to remove things: on a full disk, gives up the reserve for it. */
  makeRoom(): void {
    const path = this.#db.location();
    if (path !== null) makeRoom(path);
  }

  close(): void {
    if (this.#db.isOpen) this.#db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Opens the store of a home; see `openDatabase` for its errors. */
export function openStore(home: Home): Store {
  return new Store(openDatabase(home.databasePath));
}
