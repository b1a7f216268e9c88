import assert from "node:assert/strict";
import type { PluginKind } from "./contract.ts";
import { createRegistry, type UserPlugin } from "./registry.ts";

const WORKING = `import { CocoonError, defineSettings } from "cocoon/plugin";
export default {
  kind: "network", name: "wire", summary: "a test",
  settingsSchema: defineSettings({}),
  attachmentKinds: () => ["tap"], forwardsPorts: false,
  check: () => Promise.resolve([]),
  attach: () => Promise.reject(new CocoonError("failed", "nothing here")),
  detach: () => Promise.resolve(),
  address: () => Promise.resolve(undefined),
};`;

/** Writes the module and hands it to `body` as a configured plugin. */
async function withPlugin(
  text: string,
  body: (plugin: UserPlugin) => Promise<void>,
  { name = "wire", kind = "network" as PluginKind, file = "plugin.ts" } = {},
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/${file}`;
    await Deno.writeTextFile(path, text);
    await body({ name, kind, path });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("names() lists built-in plugins first, then the user's of that kind", () => {
  const registry = createRegistry([
    { name: "wire", kind: "network", path: "/a.ts" },
    { name: "tape", kind: "storage", path: "/b.ts" },
  ]);
  const builtIn = createRegistry([]).names("network");
  assert.ok(builtIn.includes("nat") && builtIn.includes("none") && !builtIn.includes("wire"));
  assert.deepEqual(registry.names("network"), [...builtIn, "wire"]);
  assert.deepEqual(registry.names("storage"), ["clonefile", "reflink", "qcow2", "copy", "tape"]);
  assert.ok(registry.names("backend").includes("qemu"));
  assert.equal(registry.pathOf("network", "wire"), "/a.ts");
  assert.equal(registry.pathOf("storage", "wire"), undefined);
  assert.equal(registry.pathOf("network", "nat"), undefined);
});

Deno.test("storage() gives a built-in plugin by its name", async () => {
  const driver = await createRegistry([]).storage("copy");
  assert.deepEqual([driver.kind, driver.name], ["storage", "copy"]);
});

Deno.test("network() loads the user's plugin, whose import of cocoon/plugin is ours", async () => {
  await withPlugin(WORKING, async (plugin) => {
    const provider = await createRegistry([plugin]).network("wire");
    assert.deepEqual(provider.attachmentKinds({} as never, {}), ["tap"]);
    await assert.rejects(provider.attach({} as never), { name: "CocoonError", code: "failed" });
  });
});

Deno.test("network() loads a file whose name has characters that a URL gives a meaning", async () => {
  await withPlugin(WORKING, async (plugin) => {
    assert.equal((await createRegistry([plugin]).network("wire")).name, "wire");
  }, { file: "my plugin #1 100%41?.ts" });
});

Deno.test("network() follows a link, so that the plugin's own imports resolve beside it", async () => {
  await withPlugin(
    WORKING.replace("import {", 'import "./beside.ts";\nimport {'),
    async (plugin) => {
      const folder = plugin.path.slice(0, plugin.path.lastIndexOf("/"));
      await Deno.writeTextFile(`${folder}/beside.ts`, "export {};");
      await Deno.mkdir(`${folder}/links`);
      await Deno.symlink(plugin.path, `${folder}/links/plugin.ts`);
      const linked = { ...plugin, path: `${folder}/links/plugin.ts` };
      assert.equal((await createRegistry([linked]).network("wire")).name, "wire");
    },
  );
});

Deno.test("an unknown name is refused with the nearest and with all names", async () => {
  const registry = createRegistry([{ name: "wire", kind: "network", path: "/a.ts" }]);
  await assert.rejects(registry.network("nta"), {
    code: "usage",
    message: 'unknown network provider "nta" (did you mean "nat"?)',
    hint: `Choose one of: ${registry.names("network").join(", ")}; ` +
      "or add your own as [plugins.nta].",
  });
  await assert.rejects(registry.storage("atuo"), {
    code: "usage",
    message: 'unknown storage driver "atuo" (did you mean "auto"?)',
  });
  // A key that every object has is no plugin.
  await assert.rejects(registry.backend("constructor"), { code: "usage" });
});

Deno.test("createRegistry() refuses a second plugin of the same name, and reserved names", () => {
  assert.throws(() => createRegistry([{ name: "nat", kind: "network", path: "/a.ts" }]), {
    code: "usage",
    message:
      'plugin "nat" (/a.ts): there is already a network provider of that name, of cocoon itself',
  });
  assert.throws(
    () =>
      createRegistry([
        { name: "wire", kind: "network", path: "/a.ts" },
        { name: "wire", kind: "network", path: "/b.ts" },
      ]),
    {
      code: "usage",
      message: 'plugin "wire" (/b.ts): there is already a network provider of that name, /a.ts',
    },
  );
  assert.throws(() => createRegistry([{ name: "auto", kind: "storage", path: "/a.ts" }]), {
    code: "usage",
  });
  // Another kind is another list.
  createRegistry([{ name: "nat", kind: "storage", path: "/a.ts" }]);
});

Deno.test("a plugin whose file is gone is named with its path", async () => {
  const registry = createRegistry([{ name: "wire", kind: "network", path: "/no/such.ts" }]);
  await assert.rejects(registry.network("wire"), {
    code: "not-found",
    message: 'plugin "wire" (/no/such.ts): the file does not exist',
    hint: "Correct the path in [plugins.wire].",
  });
});

for (
  const [what, text, message] of [
    ["throws", 'throw new Error("no licence");', /cannot be loaded: no licence/],
    ["throws something else", "throw 42;", /cannot be loaded: 42/],
    ["has a syntax error", "export default {", /cannot be loaded: .*Expected/s],
    ["imports what is not there", 'import "./gone.ts";', /cannot be loaded: .*gone\.ts/s],
  ] as const
) {
  Deno.test(`a plugin that ${what} while it is loaded is named with the message`, async () => {
    await withPlugin(text, async (plugin) => {
      await assert.rejects(createRegistry([plugin]).network("wire"), (error: unknown) => {
        assert.ok(error instanceof Error && "code" in error);
        assert.equal(error.code, "failed");
        assert.ok(error.message.startsWith(`plugin "wire" (${plugin.path}): `), error.message);
        assert.match(error.message, message);
        return true;
      });
    });
  });
}

for (
  const [what, text, lines] of [
    ["no default export", "export const x = 1;", [
      "its default export must be an object, but is missing",
    ]],
    ["a function as default", "export default () => 1;", [
      "its default export must be an object, but is a function",
    ]],
    ["another kind", WORKING.replace('kind: "network"', 'kind: "storage"'), [
      '`kind` is "storage", but [plugins.wire] says "network"',
    ]],
    ["another name", WORKING.replace('name: "wire"', 'name: "rope"'), [
      '`name` is "rope", but it is configured as [plugins.wire]',
    ]],
    [
      "several wrong members",
      WORKING.replace("detach: () => Promise.resolve(),", "")
        .replace("forwardsPorts: false", 'forwardsPorts: "no", givesNoCard: false')
        .replace("defineSettings({})", "{ keys: [] }")
        .replace("check: () => Promise.resolve([])", "check: []"),
      [
        "`settingsSchema` must be an object with `keys` and `parse` (defineSettings makes one), " +
        "but is an object",
        '`forwardsPorts` must be true or false, but is "no"',
        "`givesNoCard` must be true or absent, but is false",
        "`check` must be a function, but is a list",
        "`detach` must be a function, but is missing",
      ],
    ],
  ] as const
) {
  Deno.test(`a plugin with ${what} is refused, member by member`, async () => {
    await withPlugin(text, async (plugin) => {
      await assert.rejects(createRegistry([plugin]).network("wire"), {
        name: "CocoonError",
        code: "usage",
        message: `plugin "wire" (${plugin.path}): not a network provider:\n` +
          lines.map((line) => `  ${line}`).join("\n"),
      });
    });
  });
}

Deno.test("a plugin whose configured name is no word is refused", async () => {
  await withPlugin(WORKING.replace('name: "wire"', 'name: "Wire 2"'), async (plugin) => {
    await assert.rejects(createRegistry([plugin]).network("Wire 2"), /must be a lower-case word/);
  }, { name: "Wire 2" });
});
