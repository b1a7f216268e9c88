import assert from "node:assert/strict";
import { writeDisk, writeExt4, writeFat } from "./disk.ts";
import { run } from "./tools.ts";

const MIB = 1024 * 1024;

Deno.test("writeDisk() makes a sparse disk with a sound GPT and its partitions' content", async () => {
  const dir = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${dir}/file`, "hello");
    await writeFat(`${dir}/esp`, "ESP", 4 * MIB, { "A/B/FILE.TXT": `${dir}/file` });
    await writeExt4(`${dir}/state`, "STATE", 8 * MIB);
    await writeDisk(`${dir}/disk`, [
      { kind: "esp", name: "esp", file: `${dir}/esp` },
      { kind: "linux", name: "state", file: `${dir}/state` },
    ]);
    const { partitiontable } = JSON.parse(await run("sfdisk", ["--json", `${dir}/disk`]));
    const partitions = partitiontable.partitions.map(
      ({ start, size, name }: { start: number; size: number; name: string }) => [name, start, size],
    );
    assert.deepEqual(partitions, [["esp", 2048, 8192], ["state", 10240, 16384]]);
    const { size, blocks } = await Deno.stat(`${dir}/disk`);
    assert.equal(size, 14 * MIB);
    assert.ok((blocks ?? Infinity) * 512 < 4 * MIB, "holes stay holes");
    const text = await run("mcopy", ["-i", `${dir}/disk@@${MIB}`, "::A/B/FILE.TXT", "-"]);
    assert.equal(text, "hello");
    const state = (await Deno.readFile(`${dir}/disk`)).subarray(5 * MIB, 13 * MIB);
    assert.deepEqual(state, await Deno.readFile(`${dir}/state`));
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
