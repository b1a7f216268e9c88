import assert from "node:assert/strict";
import { cached } from "./cache_dir.ts";

async function withCache(test: (cache: string) => Promise<void>): Promise<void> {
  const cache = await Deno.makeTempDir();
  try {
    await test(cache);
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
}

const names = (cache: string) => [...Deno.readDirSync(cache)].map(({ name }) => name).sort();

Deno.test("cached() builds once for processes that ask at once", () =>
  withCache(async (cache) => {
    const program = `
      import { cached } from ${JSON.stringify(new URL("cache_dir.ts", import.meta.url).href)};
      const dir = await cached(${JSON.stringify(cache)}, "guest", "abc", async (made) => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        await Deno.writeTextFile(made + "/file", String(Deno.pid));
        await Deno.writeTextFile(${JSON.stringify(cache)} + "/log", "built\\n", { append: true });
      });
      console.log(await Deno.readTextFile(dir + "/file"));`;
    const file = `${cache}/program.ts`;
    await Deno.writeTextFile(file, program);
    const outputs = await Promise.all([1, 2, 3].map(() =>
      new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-check", "--no-config", file] })
        .output()
    ));
    const said = outputs.map(({ stdout }) =>
      new TextDecoder().decode(stdout)
    );
    assert.equal(new Set(said).size, 1);
    assert.match(said[0] ?? "", /^\d+\n$/);
    assert.equal(await Deno.readTextFile(`${cache}/log`), "built\n");
  }));

Deno.test("cached() leaves nothing of a build that fails, and tries again", () =>
  withCache(async (cache) => {
    const fail = () => Promise.reject(new Error("no network"));
    await assert.rejects(cached(cache, "guest", "abc", fail), /no network/);
    assert.deepEqual(names(cache), ["guest.lock"]);
    const dir = await cached(cache, "guest", "abc", (made) => Deno.mkdir(`${made}/sub`));
    assert.deepEqual(names(dir), ["sub"]);
  }));

Deno.test("cached() removes what a killed build left and guests that are long unused", () =>
  withCache(async (cache) => {
    await Deno.mkdir(`${cache}/.guest-0ld.building/work`, { recursive: true });
    for (const name of ["guest-aaa", "guest-bbb", "guest-other-aaa"]) {
      await Deno.mkdir(`${cache}/${name}`);
    }
    const longAgo = new Date(Date.now() - 25 * 60 * 60 * 1000);
    await Deno.utime(`${cache}/guest-aaa`, longAgo, longAgo);
    await Deno.utime(`${cache}/guest-other-aaa`, longAgo, longAgo);
    await cached(cache, "guest", "ccc", () => Promise.resolve());
    assert.deepEqual(names(cache), ["guest-bbb", "guest-ccc", "guest-other-aaa", "guest.lock"]);
  }));
