import assert from "node:assert/strict";
import { runFake } from "../tests/support/fake_outside.ts";

async function withRoot(body: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ dir: "/tmp" });
  try {
    await body(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

for (
  const [by, argv, extra] of [
    ["--config", ["--config", "/nonexistent/x.toml"], {}],
    ["COCOON_CONFIG", [], { COCOON_CONFIG: "/nonexistent/x.toml" }],
  ] as const
) {
  Deno.test(`a command that reads no configuration misses the file of ${by} all the same`, () =>
    withRoot(async (root) => {
      const env = { COCOON_HOME: root, HOME: root, ...extra };
      const { code, stderr } = await runFake(["vm", "list", ...argv], { env });
      assert.equal(code, 3);
      assert.equal(stderr, `cocoon: /nonexistent/x.toml: no such file (named by ${by})\n`);
    }));
}

Deno.test("a command that reads no configuration is content with a file that is there", () =>
  withRoot(async (root) => {
    await Deno.writeTextFile(`${root}/x.toml`, "");
    const env = { COCOON_HOME: root, HOME: root, COCOON_CONFIG: "" };
    const argv = ["vm", "list", "--config", `${root}/x.toml`];
    assert.equal((await runFake(argv, { env })).code, 0);
  }));
