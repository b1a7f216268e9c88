import assert from "node:assert/strict";
import { FileLock } from "./locks.ts";

async function withPath(body: (path: string) => unknown): Promise<void> {
  const root = Deno.makeTempDirSync({ dir: "/tmp" });
  try {
    await body(`${root}/x.lock`);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

Deno.test("FileLock.tryTake() has one holder at a time", () =>
  withPath((path) => {
    assert.equal(FileLock.isHeld(path), false);
    const first = FileLock.tryTake(path);
    assert(first !== undefined);
    assert.equal(FileLock.tryTake(path), undefined);
    assert.equal(FileLock.isHeld(path), true);
    first.release();
    assert.equal(FileLock.isHeld(path), false);
    FileLock.tryTake(path)?.release();
  }));

Deno.test("FileLock.take() waits for the holder, and gives up at the deadline", () =>
  withPath(async (path) => {
    const first = FileLock.tryTake(path);
    assert.equal(await FileLock.take(path, 60), undefined);
    setTimeout(() => first?.release(), 60);
    const second = await FileLock.take(path, 5_000);
    assert(second !== undefined);
    second.release();
  }));

Deno.test("FileLock.tryTake() does not mistake a removed file for the one at its path", () =>
  withPath((path) => {
    const old = FileLock.tryTake(path);
    Deno.removeSync(path);
    // Nobody holds the file that is there now.
    const next = FileLock.tryTake(path);
    assert(next !== undefined);
    old?.release();
    assert.equal(FileLock.tryTake(path), undefined);
    next.release();
  }));

Deno.test("FileLock.tryTake() has one holder even where holders remove the file", () =>
  withPath(async (path) => {
    let holders = 0;
    let rounds = 0;
    const worker = async () => {
      for (let round = 0; round < 200; round++) {
        using lock = await FileLock.take(path, 10_000);
        assert(lock !== undefined);
        assert.equal(++holders, 1);
        await Promise.resolve();
        holders--;
        rounds++;
        Deno.removeSync(path);
      }
    };
    await Promise.all([worker(), worker(), worker()]);
    assert.equal(rounds, 600);
  }));

Deno.test("FileLock is free again when its holder was killed", () =>
  withPath(async (path) => {
    const script = `
      import { FileLock } from "${import.meta.resolve("./locks.ts")}";
      globalThis.kept = FileLock.tryTake(${JSON.stringify(path)});
      console.log("held");
      setTimeout(() => {}, 60_000);`;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["eval", "--no-check", script],
      stdout: "piped",
    }).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    assert.equal(FileLock.isHeld(path), true);
    child.kill("SIGKILL");
    await child.status;
    await reader.cancel();
    assert.equal(FileLock.isHeld(path), false);
  }));
