/** Holds `docs/configuration.md` to the code. */
import assert from "node:assert/strict";
import { loadConfig } from "./load.ts";
import { ENVIRONMENT } from "./environment.ts";
import { ENTRIES, knownKeys } from "./schema.ts";
import { SETTINGS } from "./settings.ts";
import { shownValues } from "./show.ts";

const text = await Deno.readTextFile(new URL("../docs/configuration.md", import.meta.url));

/** Rows of the tables below a heading, as cells without spaces around them. */
function rowsBelow(heading: string): string[][] {
  const [, section = ""] = text.split(`\n## ${heading}\n`);
  return (section.split("\n## ")[0] ?? "").split("\n")
    .filter((line) => line.startsWith("| `"))
    .map((line) => line.slice(1, -1).split("|").map((cell) => cell.trim()));
}

function keysBelow(heading: string): string[] {
  return rowsBelow(heading).map(([key = ""]) => key.replaceAll("`", "")).sort();
}

Deno.test("docs/configuration.md has every key of every section, and no other", () => {
  const tables = ["backends", "networks", "plugins", "images"];
  const top = Object.keys(ENTRIES).filter((key) => {
    return !["defaults", "store", ...tables].includes(key);
  });
  assert.deepEqual(keysBelow("Top level"), top.sort());
  assert.deepEqual(keysBelow("`[defaults]`"), knownKeys(["defaults"])?.sort());
  assert.deepEqual(keysBelow("`[store]`"), knownKeys(["store"])?.sort());
  assert.deepEqual(keysBelow("`[plugins.NAME]`"), knownKeys(["plugins", "x"])?.sort());
  assert.deepEqual(keysBelow("`[images.NAME]`"), knownKeys(["images", "x"])?.sort());
  for (const table of tables) assert.ok(text.includes(`\n## \`[${table}.NAME]\`\n`), table);
});

Deno.test("docs/configuration.md has the defaults of the code", async () => {
  const host = { os: "linux", architecture: "x86_64", env: () => undefined } as const;
  const config = await loadConfig({ host, homePath: "/nowhere", overrides: {} });
  const values = new Map((await shownValues(config)).map(({ key, value }) => [key, value]));
  for (const [section, prefix] of [["Top level", ""], ["`[defaults]`", "defaults."]] as const) {
    for (const [key = "", , documented] of rowsBelow(section)) {
      const value = values.get(prefix + key.replaceAll("`", ""));
      const expected = {
        "`architecture`": "this computer's",
        "`backend`": '`"vfkit"` on macOS, else `"qemu"`',
      }[key] ?? `\`${JSON.stringify(value)}\``;
      assert.equal(documented, expected, prefix + key);
    }
  }
});

Deno.test("docs/configuration.md has every environment variable", () => {
  assert.deepEqual(
    rowsBelow("Environment"),
    ENVIRONMENT.map(({ name, overrides }) => [`\`${name}\``, overrides]),
  );
});

Deno.test("ENVIRONMENT has every variable of cocoon's own that the program names", () => {
  const known = new Set(ENVIRONMENT.map(({ name }) => name));
  const unknown: string[] = [];
  const visit = (directory: URL) => {
    for (const entry of Deno.readDirSync(directory)) {
      const url = new URL(entry.name + (entry.isDirectory ? "/" : ""), directory);
      if (entry.isDirectory) visit(url);
      else if (entry.name.endsWith(".ts") && !entry.name.endsWith("_test.ts")) {
        for (const [name] of Deno.readTextFileSync(url).matchAll(/\bCOCOON_[A-Z_]*[A-Z]\b/g)) {
          if (!known.has(name)) unknown.push(`${url.pathname}: ${name}`);
        }
      }
    }
  };
  for (const part of ["cli", "config", "vm", "images", "state", "guest", "host", "backends"]) {
    visit(new URL(`../${part}/`, import.meta.url));
  }
  assert.deepEqual(unknown, []);
});

Deno.test("SETTINGS has a setting for every single value of the configuration", async () => {
  const host = { os: "darwin", architecture: "aarch64", env: () => undefined } as const;
  const config = await loadConfig({ host, homePath: "/nowhere", overrides: {} });
  const fields = SETTINGS.map(({ field }) => `${field.table}.${field.name}`);
  const expected = [
    ...["backend", "network", "storage"].map((name) => `top.${name}`),
    ...Object.keys(config.defaults).map((name) => `defaults.${name}`),
  ];
  assert.deepEqual(fields.sort(), expected.sort());
});
