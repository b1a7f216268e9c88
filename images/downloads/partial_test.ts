import assert from "node:assert/strict";
import { openHome } from "../../state/home.ts";
import type { Home } from "../../state/home.ts";
import { collectPartials } from "./collect.ts";
import { writeJournal } from "./journal.ts";
import { PartialDownload } from "./partial.ts";
import { PieceMap } from "./pieces.ts";

const SOURCE = "http://host/x";
const DAY_MS = 24 * 60 * 60 * 1000;

async function withHome(body: (home: Home) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "cp-" });
  try {
    await body(openHome(root));
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

function names(home: Home): string[] {
  return [...Deno.readDirSync(home.partialDir)].map((entry) => entry.name);
}

Deno.test("PartialDownload.open() gives a URL to one at a time, and tells the others how far it is", async () => {
  await withHome(async (home) => {
    const first = await PartialDownload.open(home, SOURCE);
    assert.equal(first.waited, false);
    using other = await PartialDownload.open(home, `${SOURCE}/other`);
    assert.notEqual(other.directory, first.directory);
    const map = new PieceMap(100, 10, Array.from({ length: 10 }, () => [3, 0] as const));
    await writeJournal(first.journalPath, { source: SOURCE, validators: {}, map });
    const told: unknown[] = [];
    const waiting = PartialDownload.open(home, SOURCE, {
      onWait(doneBytes, totalBytes) {
        told.push([doneBytes, totalBytes]);
        first[Symbol.dispose]();
      },
    });
    using second = await waiting;
    assert.deepEqual([second.waited, second.directory], [true, first.directory]);
    assert.deepEqual(told[0], [30, 100]);
  });
});

Deno.test("PartialDownload.open() can be interrupted while it waits", async () => {
  await withHome(async (home) => {
    using _first = await PartialDownload.open(home, SOURCE);
    const abort = new AbortController();
    const reason = new Error("enough");
    const waiting = PartialDownload.open(home, SOURCE, {
      signal: abort.signal,
      onWait: () => abort.abort(reason),
    });
    await assert.rejects(waiting, (error) => error === reason);
  });
});

Deno.test("remove() leaves nothing, and whoever waited has a folder again", async () => {
  await withHome(async (home) => {
    const first = await PartialDownload.open(home, SOURCE);
    await Deno.writeTextFile(first.dataPath, "x");
    let isRemoved = false;
    const waiting = PartialDownload.open(home, SOURCE, {
      onWait() {
        if (isRemoved) return;
        isRemoved = true;
        first.remove().then(() => first[Symbol.dispose]());
      },
    });
    using second = await waiting;
    assert.deepEqual([...Deno.readDirSync(second.directory)], []);
    await second.remove();
    assert.deepEqual(names(home), []);
  });
});

Deno.test("collectPartials() takes what is old and nobody is at", async () => {
  await withHome(async (home) => {
    assert.deepEqual(await collectPartials(home, Date.now(), () => false), []);
    for (const name of ["young", "old", "held"]) {
      const partial = await PartialDownload.open(home, name);
      await Deno.writeFile(partial.dataPath, new Uint8Array(9000).fill(1));
      if (name !== "held") partial[Symbol.dispose]();
      const aged = new Date(Date.now() - (name === "young" ? 6 : 8) * DAY_MS);
      await Deno.utime(partial.dataPath, aged, aged);
    }
    const [collected, ...others] = await collectPartials(home, Date.now(), () => false);
    assert.deepEqual(others, []);
    assert.ok((collected?.freedBytes ?? 0) >= 9000);
    assert.equal(PartialDownload.folders(home).length, 2);
    // A folder that is empty belongs to a command that was killed before it had a byte.
    (await PartialDownload.open(home, "empty"))[Symbol.dispose]();
    assert.equal((await collectPartials(home, Date.now(), () => false)).length, 1);
    const stored = await PartialDownload.open(home, SOURCE);
    const entry = { source: SOURCE, validators: {}, map: new PieceMap(10, 10) };
    await writeJournal(stored.journalPath, entry);
    stored[Symbol.dispose]();
    assert.deepEqual(await collectPartials(home, Date.now(), (source) => source !== SOURCE), []);
    const [done] = await collectPartials(home, Date.now(), (source) => source === SOURCE);
    assert.equal(done?.name, stored.directory.split("/").at(-1));
  });
});
