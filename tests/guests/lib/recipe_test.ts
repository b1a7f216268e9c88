import assert from "node:assert/strict";
import { recipeHash } from "./recipe.ts";

Deno.test("recipeHash() changes with every file, name and word, and not with tests", async () => {
  const dir = await Deno.makeTempDir({ prefix: "with space " });
  const url = new URL(`file://${encodeURI(dir)}/`);
  const hash = (...words: string[]) => recipeHash([url], words);
  try {
    await Deno.mkdir(`${dir}/sub`);
    await Deno.writeTextFile(`${dir}/sub/a`, "1");
    const first = await hash("x86_64");
    assert.match(first, /^[0-9a-f]{16}$/);
    assert.equal(await hash("x86_64"), first);
    assert.notEqual(await hash("aarch64"), first);
    await Deno.writeTextFile(`${dir}/a_test.ts`, "1");
    assert.equal(await hash("x86_64"), first);
    await Deno.writeTextFile(`${dir}/sub/a`, "2");
    const second = await hash("x86_64");
    assert.notEqual(second, first);
    await Deno.rename(`${dir}/sub/a`, `${dir}/sub/b`);
    assert.notEqual(await hash("x86_64"), second);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});
