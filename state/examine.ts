/** Looks at a database without changing it, for `cocoon doctor`. */
import { DatabaseSync } from "node:sqlite";
import { CocoonError, messageOf } from "../errors/error.ts";
import { SCHEMA_VERSION, unusable } from "./database.ts";

/**
 * Reads the whole database; one that is not there is fine.
 * @throws {CocoonError} as `openDatabase`, and `failed` when a part of it is damaged
 */
export function examineDatabase(path: string): void {
  let db: DatabaseSync | undefined;
  try {
    Deno.statSync(path);
    db = new DatabaseSync(path, { readOnly: true });
    const found = Object.values(db.prepare("PRAGMA quick_check(1)").get() ?? {})[0];
    if (found !== "ok") throw new Error(`database disk image is malformed: ${found}`);
    const version = Number(db.prepare("PRAGMA user_version").get()?.["user_version"] ?? 0);
    if (version > SCHEMA_VERSION) {
      throw new CocoonError("failed", `${path}: written by a newer cocoon`, {
        hint: "Use that newer cocoon, or another COCOON_HOME.",
      });
    }
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    if (error instanceof CocoonError) throw error;
    throw unusable(path, error instanceof Error ? error : new Error(messageOf(error)));
  } finally {
    db?.close();
  }
}
