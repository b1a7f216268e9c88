import assert from "node:assert/strict";
import { importsIn, refuseRegistries } from "./imports.ts";

for (
  const [text, specifiers] of [
    ['import x from "npm:a";', ["npm:a"]],
    ["import{x}from'jsr:@a/b'", ["jsr:@a/b"]],
    ['import "https://x.test/y.ts";', ["https://x.test/y.ts"]],
    ['import {\n  a, // of "b"\n  c,\n} from "./b.ts";', ["./b.ts"]],
    ['export * from "npm:a"; export { b } from "./c.ts";', ["npm:a", "./c.ts"]],
    ['const a = await import("npm:a");', ["npm:a"]],
    ['import type { A } from "npm:a"; import { b } from "./b.ts";', ["./b.ts"]],
    ['export type { A } from "npm:a";\nimport "./b.ts"', ["./b.ts"]],
    ['export type A = string;\nexport { b } from "./b.ts";', ["./b.ts"]],
    ['import type from "./b.ts"; import type, { c } from "./d.ts";', ["./b.ts", "./d.ts"]],
    ['// import "npm:a"\n/* import "npm:b" */ "import \'npm:c\'"; `import "npm:d"`', []],
    ['const u = "https://x.test"; import "./b.ts"; // from "npm:a"', ["./b.ts"]],
    ['Buffer.from("npm:a"); x.import("npm:b"); ({ from: "npm:c" }); from("npm:d")', []],
    ['const quote = /"/;\nimport "npm:a";', ["npm:a"]],
  ] as [string, string[]][]
) {
  Deno.test(`importsIn() finds ${JSON.stringify(specifiers)} in ${text}`, () => {
    const found = importsIn(text);
    assert.deepEqual(found.map(({ specifier }) => specifier), specifiers);
    for (const { specifier, index } of found) assert.equal(text.indexOf(specifier), index + 1);
  });
}

Deno.test("refuseRegistries() follows files, in circles too, and names the place", async () => {
  const folder = await Deno.makeTempDir({ prefix: "a b" });
  const url = `file://${encodeURI(folder)}/plugin.ts`;
  try {
    await Deno.writeTextFile(
      `${folder}/plugin.ts`,
      'import "cocoon/plugin"; import "node:os"; import "./lib/b.ts"; import "./data.json";',
    );
    await Deno.mkdir(`${folder}/lib`);
    await Deno.writeTextFile(`${folder}/lib/b.ts`, 'import "../plugin.ts";\nimport "./gone.ts";');
    await refuseRegistries("p", url);
    for (const specifier of ["npm:a@1", "jsr:@a/b", "http://x.test/a.ts", "lodash", "#a"]) {
      await Deno.writeTextFile(
        `${folder}/lib/b.ts`,
        `import "../plugin.ts";\n  import "${specifier}"`,
      );
      await assert.rejects(refuseRegistries("p", url), {
        code: "usage",
        message: `p: imports "${specifier}", but cocoon gets no code from a registry or a server`,
        position: { file: `${folder}/lib/b.ts`, line: 2, column: 10 },
      });
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
