import { dirname, join } from "../../host/path.ts";
import { MAX_DISK_BYTES } from "../limits.ts";
import { PieceMap, type PieceState } from "./pieces.ts";
import type { Validators } from "./validators.ts";

/** Changes when the file's meaning does; what an older cocoon wrote is then fetched anew. */
const VERSION = 1;
/** Of a journal; one of 2048 pieces has 60 KiB. */
const MAX_JOURNAL_BYTES = 1024 * 1024;

/** What is known of a download that may be taken up again. */
export interface JournalEntry {
  /** Where it comes from, without user and password; for people who look into the folder. */
  source: string;
  validators: Validators;
  map: PieceMap;
}

/**
 * Writes the journal. Not synchronised with the data, on purpose: whoever takes the download up
 * compares each piece with its CRC-32, so that a journal that is ahead of the data is seen.
 */
export async function writeJournal(path: string, entry: JournalEntry): Promise<void> {
  const { source, validators, map } = entry;
  const { totalBytes, pieceBytes } = map;
  const temporary = join(dirname(path), "journal.new");
  const text = JSON.stringify({
    version: VERSION,
    source,
    validators,
    totalBytes,
    pieceBytes,
    pieces: map.states(),
  });
  await Deno.writeTextFile(temporary, text, { mode: 0o600 });
  await Deno.rename(temporary, path);
}

/** Reads a journal; undefined when there is none, or one that cannot be believed. */
export async function readJournal(path: string): Promise<JournalEntry | undefined> {
  try {
    if ((await Deno.stat(path)).size > MAX_JOURNAL_BYTES) return undefined;
    return parseJournal(JSON.parse(await Deno.readTextFile(path)));
  } catch {
    // Not there, or torn: the download begins anew.
    return undefined;
  }
}

function parseJournal(value: unknown): JournalEntry | undefined {
  if (!isObject(value) || value["version"] !== VERSION) return undefined;
  const { source, totalBytes, pieceBytes, pieces, validators } = value;
  if (typeof source !== "string" || !isCount(totalBytes) || !isCount(pieceBytes)) return undefined;
  if (!isObject(validators) || !Array.isArray(pieces) || !pieces.every(isState)) return undefined;
  if (pieceBytes === 0 || pieces.length !== Math.ceil(totalBytes / pieceBytes)) return undefined;
  const map = new PieceMap(totalBytes, pieceBytes, pieces);
  if (map.pieces.some((piece) => piece.start + piece.doneBytes > piece.end)) return undefined;
  const { etag, lastModified } = validators;
  return {
    source,
    map,
    validators: {
      ...(typeof etag === "string" ? { etag } : {}),
      ...(typeof lastModified === "string" ? { lastModified } : {}),
    },
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= MAX_DISK_BYTES;
}

function isState(value: unknown): value is PieceState {
  return Array.isArray(value) && value.length === 2 && value.every(isCount);
}
