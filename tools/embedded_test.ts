import assert from "node:assert/strict";
import { embeddedFiles } from "./embedded.ts";

Deno.test("embeddedFiles() reads the tree, and opens folders that are embedded whole", async () => {
  const root = await Deno.makeTempDir({ prefix: "embedded-" });
  try {
    await Deno.mkdir(`${root}/storage/copy`, { recursive: true });
    for (const file of ["driver.ts", "copy/mod.ts"]) {
      await Deno.writeTextFile(`${root}/storage/${file}`, "");
    }
    const output = `Compile main.ts to out

Embedded Files

out
├── .deno_compile_node_modules/localhost/smol-toml/1.9.1/* (137.07KB)
├── main.ts (656B)
├── storage/* (2KB)
└─┬ vm (986B - 951B unique)
  ├─┬ sub (224B)
  │ ├── d.ts (106B)
  │ └── name (2).ts (118B)
  └── w.ts (106B - 71B unique)

Files: 141.36KB
Metadata: 1.39KB
`;
    assert.deepEqual(embeddedFiles(output, root), [
      ".deno_compile_node_modules/localhost/smol-toml/1.9.1/*",
      "main.ts",
      "storage/copy/mod.ts",
      "storage/driver.ts",
      "vm/sub/d.ts",
      "vm/sub/name (2).ts",
      "vm/w.ts",
    ]);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
