import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { openDatabase } from "./database.ts";
import { keepReserve, reservePathOf } from "./reserve.ts";

async function withFolder(body: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function run(script: string): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", script],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** A process that holds the write lock of a database that is not in WAL mode yet. */
async function holder(path: string, holdMs: number): Promise<Deno.ChildProcess> {
  const child = run(`
    import { DatabaseSync } from "node:sqlite";
    const db = new DatabaseSync(${JSON.stringify(path)});
    db.exec("BEGIN IMMEDIATE");
    console.log("held");
    setTimeout(() => db.exec("COMMIT"), ${holdMs});`);
  const reader = child.stdout.getReader();
  await reader.read();
  reader.releaseLock();
  return child;
}

Deno.test("openDatabase() waits for a process that has begun to make the same database", () =>
  withFolder(async (folder) => {
    const path = `${folder}/state.db`;
    const child = await holder(path, 300);
    openDatabase(path).close();
    await child.output();
  }));

Deno.test("openDatabase() says that the file is locked when its time is up", () =>
  withFolder(async (folder) => {
    const path = `${folder}/state.db`;
    const child = await holder(path, 60_000);
    try {
      assert.throws(() => openDatabase(path, 100), (error: unknown) => {
        assert(error instanceof CocoonError);
        assert.equal(error.message, `${path}: cannot be opened: database is locked`);
        assert.match(error.hint ?? "", /^Another program holds the file/);
        return true;
      });
    } finally {
      child.kill("SIGKILL");
      await child.output();
    }
  }));

Deno.test("openDatabase() makes a new database from several processes at once", () =>
  withFolder(async (folder) => {
    const rounds = 60;
    const openers = Array.from({ length: 3 }, () =>
      run(`
        import { openDatabase } from "${import.meta.resolve("./database.ts")}";
        const start = ${Date.now() + 1500};
        for (let i = 0; i < ${rounds}; i++) {
          while (Date.now() < start + i * 25);
          openDatabase(${JSON.stringify(folder)} + "/" + i).close();
        }`));
    for (const opener of openers) assert.ok((await opener.output()).success);
  }));

Deno.test("keepReserve() makes a reserve of whatever is there, private", () =>
  withFolder((folder) => {
    const path = `${folder}/state.db`;
    Deno.writeTextFileSync(reservePathOf(path), "cut short", { mode: 0o600 });
    keepReserve(path);
    const { size, blocks, mode } = Deno.statSync(reservePathOf(path));
    assert.equal(size, 1024 * 1024);
    assert.equal((mode ?? 0) & 0o777, 0o600);
    assert.ok((blocks ?? 0) * 512 >= size, "real bytes");
  }));
