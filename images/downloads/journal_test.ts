import assert from "node:assert/strict";
import { readJournal, writeJournal } from "./journal.ts";
import { PieceMap } from "./pieces.ts";

async function withFile(body: (path: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(`${folder}/journal.json`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("readJournal() gives what was written, and leaves nothing beside it", async () => {
  await withFile(async (path) => {
    assert.equal(await readJournal(path), undefined);
    const map = new PieceMap(2500, 1000, [[1000, 4_000_000_000], [10, 2], [0, 0]]);
    const entry = { source: "http://host/x", validators: { etag: '"a"' }, map };
    await writeJournal(path, entry);
    assert.deepEqual(await readJournal(path), entry);
    const names = [...Deno.readDirSync(path.slice(0, -"/journal.json".length))];
    assert.equal(names.length, 1);
  });
});

Deno.test("readJournal() believes no journal that cannot be", async () => {
  await withFile(async (path) => {
    const good = {
      version: 1,
      source: "x",
      validators: {},
      totalBytes: 2500,
      pieceBytes: 1000,
      pieces: [[1000, 1], [0, 0], [500, 1]],
    };
    await Deno.writeTextFile(path, JSON.stringify(good));
    assert.equal((await readJournal(path))?.map.doneBytes, 1500);
    const bad: unknown[] = [
      { ...good, version: 0 },
      { ...good, source: 1 },
      { ...good, validators: null },
      { ...good, totalBytes: 3500 },
      { ...good, totalBytes: 2 ** 60 },
      { ...good, pieceBytes: 0 },
      { ...good, pieceBytes: -1000 },
      { ...good, pieces: [[1000, 1], [0, 0]] },
      { ...good, pieces: [[1001, 1], [0, 0], [0, 0]] },
      { ...good, pieces: [[1000, 1], [0, 0], [501, 1]] },
      { ...good, pieces: [[-1, 1], [0, 0], [0, 0]] },
      { ...good, pieces: [["0", 1], [0, 0], [0, 0]] },
      { ...good, pieces: [[1000], [0, 0], [0, 0]] },
      [],
      null,
      "text",
    ];
    for (const value of bad) {
      await Deno.writeTextFile(path, JSON.stringify(value));
      assert.equal(await readJournal(path), undefined, JSON.stringify(value));
    }
    await Deno.writeTextFile(path, JSON.stringify(good).padEnd(2 * 1024 * 1024));
    assert.equal(await readJournal(path), undefined);
  });
});
