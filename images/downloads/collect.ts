import { basename, join } from "../../host/path.ts";
import type { Home } from "../../state/home.ts";
import { readJournal } from "./journal.ts";
import { PartialDownload } from "./partial.ts";

/** How long what was downloaded in part is kept for whoever goes on with it. */
const KEEP_MS = 7 * 24 * 60 * 60 * 1000;

/** A download that was given up. */
export interface CollectedPartial {
  name: string;
  freedBytes: number;
}

/**
 * Removes downloads that nobody is at: those that nobody was at in the last seven days, and those
 * whose image is stored, which a command has left that was killed at its very end.
 */
export async function collectPartials(
  home: Home,
  nowMs: number,
  isStored: (source: string) => boolean,
): Promise<CollectedPartial[]> {
  const collected: CollectedPartial[] = [];
  for (const directory of PartialDownload.folders(home)) {
    using partial = PartialDownload.tryOpen(directory);
    if (partial === undefined) continue; // a command is at it
    const { changedAtMs, allocatedBytes } = await look(partial);
    const source = (await readJournal(partial.journalPath))?.source;
    const isDone = source !== undefined && isStored(source);
    if (!isDone && nowMs - changedAtMs < KEEP_MS) continue;
    await partial.remove();
    collected.push({ name: basename(directory), freedBytes: allocatedBytes });
  }
  return collected;
}

async function look({ directory }: PartialDownload) {
  let changedAtMs = 0;
  let allocatedBytes = 0;
  for await (const { name } of Deno.readDir(directory)) {
    const { mtime, blocks } = await Deno.stat(join(directory, name));
    changedAtMs = Math.max(changedAtMs, mtime?.getTime() ?? 0);
    allocatedBytes += (blocks ?? 0) * 512;
  }
  return { changedAtMs, allocatedBytes };
}
