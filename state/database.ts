import { DatabaseSync } from "node:sqlite";
import { CocoonError, isFullDisk, messageOf } from "../errors/error.ts";
import { giveUpReserve, hasRoom, keepReserve } from "./reserve.ts";

/** An open SQLite database. */
export type Database = DatabaseSync;

/** Milliseconds that a transaction waits for another process's; they take far below one each. */
const BUSY_TIMEOUT_MS = 10_000;

/** Milliseconds between two tries to open a database that others are opening for the first time. */
const OPEN_RETRY_MS = 5;

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
 * Opens the database, makes it if it is absent, and brings its schema up to date. On a full disk
 * the reserve is given up for it.
 * @throws {CocoonError} `failed` when it is damaged, written by a newer cocoon, or when another
 * process keeps it locked for so many milliseconds
 */
export function openDatabase(path: string, busyTimeoutMs = BUSY_TIMEOUT_MS): Database {
  const deadline = performance.now() + busyTimeoutMs;
  let reserveGiven = false;
  while (true) {
    try {
      const db = tryOpen(path, busyTimeoutMs);
      if (!reserveGiven) keepReserve(path);
      return db;
    } catch (cause) {
      if (cause instanceof CocoonError) throw cause;
      // Two that switch a new file to WAL at once would wait for each other: SQLite tells one of
      // them immediately that it is locked, whatever the busy timeout.
      if (isLocked(cause) && performance.now() < deadline) {
        pause(OPEN_RETRY_MS);
      } else if (!reserveGiven && !isDamage(cause) && isForRoom(cause, path)) {
        // Also if it is gone already: another process may have given it up just now.
        giveUpReserve(path);
        reserveGiven = true;
      } else throw unusable(path, cause);
    }
  }
}

/** The order of the pragmas matters: the waiting time first, for all that follows. */
function tryOpen(path: string, busyTimeoutMs: number): Database {
  const db = new DatabaseSync(path);
  try {
    db.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
    migrate(db, path);
    return db;
  } catch (cause) {
    db.close();
    throw cause;
  }
}

/** Deno's errors of SQLite carry no number, only its words. */
function isLocked(error: unknown): boolean {
  return /database (table )?is locked/.test(messageOf(error));
}

function isDamage(error: unknown): boolean {
  return /not a database|malformed/.test(messageOf(error));
}

/** SQLite says "disk I/O error" or "unable to open" of a full disk, too. */
function isForRoom(error: unknown, path: string): boolean {
  if (isFullDisk(error)) return true;
  return /disk I\/O error|unable to open/.test(messageOf(error)) && !hasRoom(path);
}

/** Blocks this thread, as SQLite's own waiting does. */
function pause(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Why the file cannot be used. */
export function unusable(path: string, cause: unknown): CocoonError {
  const subject = `${path}: cannot be opened`;
  const message = messageOf(cause);
  if (isForRoom(cause, path)) {
    return new CocoonError("failed", `${subject}: no space left on the disk`, {
      cause,
      hint: "Make room on that disk, and try again.",
    });
  }
  if (/readonly|unable to open|permission/i.test(message)) {
    return new CocoonError("host-lacks", `${subject} for writing: ${message}`, {
      cause,
      hint: "Make the file and its folder yours, or set COCOON_HOME to a folder that is.",
    });
  }
  if (isLocked(cause)) {
    return new CocoonError("failed", `${subject}: ${message}`, {
      cause,
      hint: "Another program holds the file: try again when it has ended; `fuser FILE` names it.",
    });
  }
  return new CocoonError("failed", `${subject}: ${message}`, {
    cause,
    hint: "If the file is damaged, restore it from a backup; the disks in vms/ are untouched.",
  });
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

/**
 * Runs `body` in one write transaction: all of it happens, or nothing. Must not be nested. On a
 * full disk the reserve is given up, and `body` runs a second time.
 */
export function transaction<T>(db: Database, body: () => T): T {
  try {
    return runTransaction(db, body);
  } catch (error) {
    const path = db.location();
    if (path === null || !isForRoom(error, path)) throw error;
    giveUpReserve(path);
    return runTransaction(db, body);
  }
}

function runTransaction<T>(db: Database, body: () => T): T {
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
