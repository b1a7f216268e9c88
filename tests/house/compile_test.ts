import assert from "node:assert/strict";
import { compile, extraModules } from "../../tools/compile.ts";
import { REPOSITORY } from "../../tools/main.ts";
import { importGraph, isShipped, loadedWith } from "./graph.ts";
import { REGISTRY } from "./rules.ts";

/** What modules import as text. */
const DATA = ["images/catalogue/catalogue.toml"];

/** Compiles with Deno itself in the place of the runtime, which has to be downloaded. */
async function embedded(): Promise<string[]> {
  const directory = await Deno.makeTempDir({ prefix: "compile-" });
  try {
    return await compile({ output: `${directory}/cocoon`, runtime: Deno.execPath() });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

const [files, { edges }] = await Promise.all([embedded(), importGraph()]);

Deno.test("the compiled program has every built-in plugin, and no file of the tests", () => {
  const plugins = edges.filter((edge) => edge.from === REGISTRY && edge.dynamic)
    .map((edge) => edge.to);
  assert.ok(plugins.length >= 6, `the registry names few plugins: ${plugins}`);
  for (const file of ["main.ts", ...plugins, ...extraModules(), ...DATA]) {
    assert.ok(files.includes(file), `not embedded: ${file}`);
  }
  // deno.json is embedded: it holds the import map, and the version.
  const strays = files.filter((file) => {
    return !isShipped(file) && file !== "deno.json" && !DATA.includes(file) &&
      !file.startsWith(".deno_compile_node_");
  });
  assert.deepEqual(strays, []);
  assert.deepEqual(files.filter((file) => file.includes("fast-check")), []);
});

Deno.test("the compiled program has every module that it can reach", () => {
  const all = edges.map((edge) => ({ ...edge, dynamic: false }));
  const reached = [...loadedWith(["main.ts", ...extraModules()], all)]
    .filter((module) => module.endsWith(".ts"));
  assert.ok(reached.length > 20);
  assert.deepEqual(reached.filter((module) => !files.includes(module)), []);
});

Deno.test("extraModules() has every file that is opened by its place beside a module", async () => {
  const opened: string[] = [];
  for (const file of new Set(edges.map((edge) => edge.from))) {
    const text = await Deno.readTextFile(`${REPOSITORY}/${file}`);
    for (const [, target = ""] of text.matchAll(/new URL\(\s*"(\.[^"]+)",\s*import\.meta\.url/g)) {
      opened.push(new URL(target, `file:///${file}`).pathname.slice(1));
    }
  }
  const extra = extraModules();
  assert.deepEqual(opened.filter((file) => !extra.includes(file)), []);
});
