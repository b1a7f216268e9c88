import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import { pseudoRandom } from "../testing/qemu_img.ts";
import { layerArchive, layerEntries } from "./layer_entries.ts";
import { concat, gzip, tarOf } from "./testing/parts.ts";

interface Seen {
  path: string;
  type: string;
  content: string;
}

async function* pieces(bytes: Uint8Array, length: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += length) {
    await Promise.resolve();
    yield bytes.subarray(at, at + length);
  }
}

async function entriesOf(archive: AsyncIterable<Uint8Array>): Promise<Seen[]> {
  const seen: Seen[] = [];
  for await (const { path, type, content } of layerEntries(archive)) {
    const bytes = concat(await Array.fromAsync(content, (piece) => piece.slice()));
    seen.push({ path, type, content: new TextDecoder().decode(bytes) });
  }
  return seen;
}

Deno.test("layerEntries() reads what tar writes, in its formats and packed", async () => {
  const directory = await Deno.makeTempDir();
  try {
    const long = `${"folder/".repeat(30)}${"n".repeat(120)}`;
    await Deno.mkdir(`${directory}/tree/${"folder/".repeat(30)}`, { recursive: true });
    await Deno.writeTextFile(`${directory}/tree/${long}`, "long\n");
    await Deno.writeTextFile(`${directory}/tree/ümläut`, "x".repeat(513));
    await Deno.symlink("nowhere", `${directory}/tree/link`);
    for (const format of ["gnu", "posix"]) {
      for (const pack of ["", "--gzip", "--zstd"]) {
        const path = `${directory}/layer.tar`;
        const { code, stderr } = await new Deno.Command("tar", {
          args: [
            ...[`--format=${format}`, "-cf", path, ...(pack === "" ? [] : [pack])],
            ...["-C", `${directory}/tree`, "."],
          ],
        }).output();
        assert.equal(code, 0, new TextDecoder().decode(stderr));
        const entries = await entriesOf(layerArchive(path));
        const found = entries.filter(({ type }) => type !== "directory")
          .sort((a, b) => a.path < b.path ? -1 : 1);
        assert.deepEqual(found, [
          { path: long, type: "file", content: "long\n" },
          { path: "link", type: "other", content: "" },
          { path: "ümläut", type: "file", content: "x".repeat(513) },
        ], `${format} ${pack}`);
      }
    }
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("layerEntries() passes over what is not read, in pieces of any length", async () => {
  const tar = tarOf([
    { path: "/a", bytes: pseudoRandom(3000, 1) },
    { path: "./b/", type: "5" },
    { path: "c", bytes: new TextEncoder().encode("last") },
  ]);
  for (const length of [1, 7, 512, 1000, 1 << 20]) {
    const paths: string[] = [];
    for await (const { path, content } of layerEntries(pieces(tar, length))) {
      paths.push(path);
      // Only a part of the content is taken.
      if (path === "a") await content.next();
    }
    assert.deepEqual(paths, ["a", "b", "c"], String(length));
  }
});

Deno.test("layerEntries() ends with every damaged archive, in an error of its own or none", async () => {
  const good = tarOf([
    { path: "disk/a", bytes: pseudoRandom(2000, 2) },
    { path: "x", type: "x", bytes: new TextEncoder().encode("21 path=some/thing/b\n") },
    { path: "b", bytes: pseudoRandom(700, 3) },
  ]);
  const noise = pseudoRandom(4 * 400, 4);
  let refused = 0;
  for (let i = 0; i < 400; i++) {
    const [place = 0, value = 0, low = 0, high = 0] = noise.subarray(4 * i);
    const bad = good.slice(0, i % 3 === 0 ? (high * 256 + low) % good.length : good.length);
    // Mostly in headers, where it hurts.
    const at = i % 2 === 0 ? place * 2 : (high * 256 + low) % good.length;
    if (at < bad.length) bad[at] = value;
    try {
      await entriesOf(pieces(bad, 300));
    } catch (error) {
      assert.ok(error instanceof CocoonError, String(error));
      refused++;
    }
  }
  assert.ok(refused > 100, `${refused} of 400 were refused`);
});

Deno.test("layerArchive() refuses far more data than any layer has, and takes zeros", async () => {
  const path = await Deno.makeTempFile();
  const free = 1024 * 1024;
  const limits = {
    total: { ratio: 50_000, freeBytes: free },
    written: { ratio: 200, freeBytes: free },
  };
  try {
    for (const [fill, isRefused] of [[0, false], [7, true]] as const) {
      const tar = tarOf([{ path: "a", bytes: new Uint8Array(4 * free).fill(fill) }]);
      await Deno.writeFile(path, await gzip(tar));
      const read = async () => {
        for await (const { content } of layerEntries(layerArchive(path, limits))) {
          for await (const _ of content);
        }
      };
      if (isRefused) await assert.rejects(read(), { code: "failed", message: /unpacks to more/ });
      else await read();
    }
  } finally {
    await Deno.remove(path);
  }
});

Deno.test("layerArchive() refuses packed data that is torn", async () => {
  const path = await Deno.makeTempFile();
  try {
    const packed = await gzip(tarOf([{ path: "a", bytes: pseudoRandom(50_000, 5) }]));
    await Deno.writeFile(path, packed.slice(0, 20_000));
    await assert.rejects(entriesOf(layerArchive(path)), { code: "failed", message: /gzip data/ });
  } finally {
    await Deno.remove(path);
  }
});
