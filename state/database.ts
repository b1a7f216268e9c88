import { DatabaseSync } from "node:sqlite";
import { CocoonError, isFullDisk, messageOf } from "../errors/error.ts";

/** An open SQLite database. */
export type Database = DatabaseSync;

/** Milliseconds that a transaction waits for another process's; they take far below one each. */
const BUSY_TIMEOUT_MS = 10_000;

/**
 * Each entry brings the schema from version INDEX to INDEX + 1 (`PRAGMA user_version`). Entries
 * are never changed once released; a new version is a new entry at the end.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE machines (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL UNIQUE,
    image_digest TEXT,
    record TEXT NOT NULL
  ) STRICT;
  CREATE INDEX machines_by_image ON machines (image_digest);
  CREATE TABLE images (
    digest TEXT PRIMARY KEY,
    record TEXT NOT NULL
  ) STRICT;
  CREATE TABLE tags (
    name TEXT PRIMARY KEY,
    digest TEXT NOT NULL REFERENCES images (digest)
  ) STRICT;
  CREATE TABLE reservations (
    kind TEXT NOT NULL,
    value TEXT NOT NULL,
    machine_id TEXT NOT NULL REFERENCES machines (id) ON DELETE CASCADE,
    owner TEXT NOT NULL,
    PRIMARY KEY (kind, value)
  ) STRICT;
  CREATE INDEX reservations_by_machine ON reservations (machine_id);
  `,
];

/** The schema version that this program writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Opens the database, makes it if it is absent, and brings its schema up to date.
 * The order of the pragmas matters: the waiting time first, or switching to WAL can fail with
 * "database is locked" when two processes open a new file at once.
 * @throws {CocoonError} `failed` when it is damaged or written by a newer cocoon
 */
export function openDatabase(path: string): Database {
  let db: Database | undefined;
  try {
    db = new DatabaseSync(path);
    db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    migrate(db, path);
    return db;
  } catch (cause) {
    db?.close();
    throw cause instanceof CocoonError ? cause : unusable(path, cause);
  }
}

/** Bytes that SQLite needs on the disk to open a database: the index of its write-ahead log. */
const OPEN_BYTES = 64 * 1024;

/** Why the file cannot be used; SQLite itself says "disk I/O error" of a full disk, too. */
function unusable(path: string, cause: unknown): CocoonError {
  const subject = `${path}: cannot be opened`;
  const message = messageOf(cause);
  if (/readonly|unable to open|permission/i.test(message)) {
    return new CocoonError("host-lacks", `${subject} for writing: ${message}`, {
      cause,
      hint: "Make the file and its folder yours, or set COCOON_HOME to a folder that is.",
    });
  }
  if (isFullDisk(cause) || !hasRoom(path)) {
    return new CocoonError("failed", `${subject}: no space left on the disk`, {
      cause,
      hint: "Make room on that disk, and try again.",
    });
  }
  return new CocoonError("failed", `${subject}: ${message}`, {
    cause,
    hint: "If the file is damaged, restore it from a backup; the disks in vms/ are untouched.",
  });
}

/** Asked by writing, because Deno has no other way that costs nothing while all is well. */
function hasRoom(path: string): boolean {
  const probe = `${path}-${crypto.randomUUID()}`;
  try {
    Deno.writeFileSync(probe, new Uint8Array(OPEN_BYTES), { mode: 0o600 });
    return true;
  } catch (error) {
    return !isFullDisk(error);
  } finally {
    try {
      Deno.removeSync(probe);
    } catch { /* it could not be made */ }
  }
}

function migrate(db: Database, path: string): void {
  if (version(db) === SCHEMA_VERSION) return;
  transaction(db, () => {
    // Read again: another process may have migrated while this one waited for the lock.
    const from = version(db);
    if (from > SCHEMA_VERSION) {
      throw new CocoonError(
        "failed",
        `${path}: written by a newer cocoon (schema ${from}, this one knows ${SCHEMA_VERSION})`,
        { hint: "Use that newer cocoon, or another COCOON_HOME." },
      );
    }
    for (const step of MIGRATIONS.slice(from)) db.exec(step);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  });
}

function version(db: Database): number {
  return Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
}

/** Runs `body` in one write transaction: all of it happens, or nothing. Must not be nested. */
export function transaction<T>(db: Database, body: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = body();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    // A full disk may have rolled the transaction back already.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}
