import assert from "node:assert/strict";
import { openHome } from "../state/home.ts";
import { openStore } from "../state/store.ts";
import { fillDisk, withSmallDisk } from "../tests/support/file_system.ts";
import { examineHome } from "./doctor_home.ts";

async function withHome(body: (root: string) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ dir: "/tmp" });
  try {
    await body(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("examineHome() is content with a home that was never used, and with a good one", () =>
  withHome(async (root) => {
    const home = openHome(root);
    const good = [{ level: "ok", subject: "home", message: root }];
    assert.deepEqual(await examineHome(home), good);
    openStore(home).close();
    assert.deepEqual(await examineHome(home), good);
    using _inUse = openStore(home);
    assert.deepEqual(await examineHome(home), good);
  }));

Deno.test("examineHome() tells a database that is none, and leaves it as it is", () =>
  withHome(async (root) => {
    const home = openHome(root);
    const text = "garbage ".repeat(200);
    await Deno.writeTextFile(home.databasePath, text);
    const [finding, ...rest] = await examineHome(home);
    assert.deepEqual(rest, []);
    assert.equal(finding?.level, "error");
    assert.match(finding?.message ?? "", /state\.db: cannot be opened: file is not a database/);
    assert.match(finding?.fix ?? "", /backup/);
    assert.equal(await Deno.readTextFile(home.databasePath), text);
  }));

Deno.test("examineHome() tells pages of a database that are damaged", () =>
  withHome(async (root) => {
    const home = openHome(root);
    openStore(home).close();
    {
      using file = await Deno.open(home.databasePath, { write: true });
      await file.seek(4096, Deno.SeekMode.Start);
      await file.write(new Uint8Array(8192).fill(0xee));
    }
    const [finding] = await examineHome(home);
    assert.equal(finding?.level, "error", finding?.message);
    assert.match(finding?.message ?? "", /malformed/);
  }));

Deno.test({
  name: "examineHome() tells a disk that is full, or nearly so",
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withSmallDisk(16 * 1024 * 1024, async (folder) => {
      const home = openHome(`${folder}/h`);
      const [low] = await examineHome(home);
      assert.equal(low?.level, "warning");
      assert.match(low?.message ?? "", /MiB are free$/);
      fillDisk(`${folder}/filler`);
      const [full] = await examineHome(home);
      assert.equal(full?.level, "error");
      assert.match(full?.message ?? "", /no space left on the disk$/);
    }),
});
