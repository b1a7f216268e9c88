import assert from "node:assert/strict";
import { openHome } from "../../state/home.ts";
import { openStore } from "../../state/store.ts";
import { exampleRecord } from "../../state/testing.ts";
import { fakeOutside, runFake } from "../../tests/support/fake_outside.ts";
import { propose } from "../completion/engine.ts";
import { root as routes } from "../routes.ts";

/** A home with the machine `web`, which is off. */
async function withHome(body: (env: Record<string, string>) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ dir: "/tmp" });
  try {
    const home = openHome(root);
    using store = openStore(home);
    store.machines.insert(exampleRecord());
    await body({ COCOON_HOME: root, HOME: root, NO_COLOR: "1" });
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("vm cp says what is missing on either side", async () => {
  await withHome(async (env) => {
    const cp = async (...args: string[]) => {
      const { code, stderr } = await runFake(["vm", "cp", ...args], { env });
      return `${code} ${stderr}`;
    };
    assert.match(await cp("/nonexist", "web:/tmp"), /^3 cocoon: copy: \/nonexist: no such file or/);
    assert.match(await cp("a:b", "."), /^3 [^]*For a file here, write the SOURCE as: \.\/a:b\n/);
    assert.match(await cp("a:b", "web:"), /^2 [^]*A file here whose name has a colon: \.\/a:b\n/);
  });
});

Deno.test("vm cp completes the names of machines, with their colon", async () => {
  await withHome(async (env) => {
    const found = await propose(["vm", "cp", "w"], fakeOutside({ env }), routes);
    assert.deepEqual(found.map(({ word }) => word), ["web:"]);
  });
});

Deno.test("vm screenshot needs a folder to write to", async () => {
  await withHome(async (env) => {
    const shot = async (file: string) => {
      const { code, stderr } = await runFake(["vm", "screenshot", "web", file], { env });
      return `${code} ${stderr}`;
    };
    assert.match(
      await shot("/nonexist/s.png"),
      /^3 cocoon: screenshot: \/nonexist: no such folder/,
    );
    assert.match(await shot("/tmp"), /^2 cocoon: screenshot: \/tmp is a folder/);
    assert.match(await shot("/tmp/s.png"), /^4 cocoon: machine "web" is created, not running/);
  });
});
