/** The example of docs/plugins.md is a plugin that works. */
import assert from "node:assert/strict";
import { createRegistry } from "../../plugins/registry.ts";
import { diskFixture } from "./disks.ts";
import { storageChecks } from "./storage.ts";

const DOCUMENT = new URL("../../docs/plugins.md", import.meta.url);

/** The one block of this language in the document. */
function block(language: string): string {
  const text = Deno.readTextFileSync(DOCUMENT);
  const blocks = [...text.matchAll(new RegExp("^```" + language + "\n(.*?)^```$", "gms"))];
  assert.equal(blocks.length, 1, `one ${language} block`);
  return blocks[0]?.[1] ?? "";
}

Deno.test({
  name: "the example plugin of the documentation is loaded and conforms",
  ignore: Deno.build.os !== "linux", // cp of macOS has other options
  fn: async (t) => {
    const folder = await Deno.makeTempDir();
    try {
      const path = `${folder}/cp.ts`;
      await Deno.writeTextFile(path, block("ts"));
      const driver = await createRegistry([{ name: "cp", kind: "storage", path }]).storage("cp");
      for (const check of storageChecks(driver, diskFixture(folder))) {
        await t.step(check.name, async () => await check.run());
      }
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
});

Deno.test("the example plugin of the documentation passes the type check", async () => {
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/cp.ts`, block("ts"));
    const { success, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["check", "--quiet", "--config", config, `${folder}/cp.ts`],
    }).output();
    assert.ok(success, new TextDecoder().decode(stderr));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("the example configuration names the example plugin", async () => {
  const { parse } = await import("smol-toml");
  // Its tables have no prototype.
  assert.deepEqual(JSON.parse(JSON.stringify(parse(block("toml")))), {
    storage: "cp",
    plugins: { cp: { kind: "storage", path: "plugins/cp.ts" } },
  });
});
