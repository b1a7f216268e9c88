import assert from "node:assert/strict";
import { SystemError } from "./errno.ts";
import {
  closeFile,
  openFile,
  openUnnamedFile,
  reflink,
  seekData,
  seekHole,
  writeFile,
} from "./libc.ts";

const linux = Deno.build.os === "linux";

async function withFolder(body: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Whether this process has the file open. Numbers say nothing: other threads open files, too. */
function isOpen(path: string): boolean {
  const { dev, ino } = Deno.statSync(path);
  const folder = linux ? "/proc/self/fd" : "/dev/fd";
  return [...Deno.readDirSync(folder)].some(({ name }) => {
    try {
      const info = Deno.statSync(`${folder}/${name}`);
      return info.dev === dev && info.ino === ino;
    } catch {
      return false; // closed meanwhile
    }
  });
}

Deno.test("openFile() throws a SystemError with the name and the text of errno", () => {
  assert.throws(() => openFile("/nonexistent/file", "read"), {
    name: "SystemError",
    code: "ENOENT",
    errno: 2,
    message: "open /nonexistent/file: no such file or directory (ENOENT)",
  });
});

Deno.test("openFile() refuses a path with a zero byte instead of opening a shorter one", () => {
  assert.throws(() => openFile("/etc/passwd\0.txt", "read"), TypeError);
});

Deno.test("a failing call gives its own errno while the runtime is busy", async () => {
  // Timers, garbage and file operations between the calls all set errno themselves.
  let wrong = 0;
  for (let round = 0; round < 5_000; round++) {
    const junk = Array.from({ length: 50 }, (_, i) => `${round}-${i}`);
    try {
      openFile(junk.length > 0 ? "/nonexistent" : "/", "read");
      wrong++;
    } catch (error) {
      if (!(error instanceof SystemError) || error.code !== "ENOENT") wrong++;
    }
    if (round % 500 === 0) await new Promise((wake) => setTimeout(wake, 0));
    Deno.statSync("/");
  }
  assert.equal(wrong, 0);
});

Deno.test("closeFile() frees the descriptor", async () => {
  await withFolder((folder) => {
    const path = `${folder}/file`;
    Deno.writeTextFileSync(path, "");
    const fd = openFile(path, "read");
    assert.equal(isOpen(path), true);
    closeFile(fd);
    assert.equal(isOpen(path), false);
  });
});

Deno.test("openFile() gives a descriptor that children do not inherit", async () => {
  const fd = openFile("/", "read");
  try {
    const list = linux ? "/proc/self/fd" : "/dev/fd";
    const { stdout } = await new Deno.Command("/bin/ls", { args: [list] }).output();
    const inherited = new TextDecoder().decode(stdout).trim().split(/\s+/);
    assert.ok(inherited.includes("2"), "ls shows its descriptors");
    assert.ok(!inherited.includes(String(fd)), `descriptor ${fd} was inherited`);
  } finally {
    closeFile(fd);
  }
});

Deno.test("seekData() and seekHole() walk over the data of a sparse file", async () => {
  await withFolder((folder) => {
    const path = `${folder}/sparse`;
    const unit = 1 << 20;
    using file = Deno.openSync(path, { write: true, createNew: true });
    file.truncateSync(8 * unit);
    file.seekSync(2 * unit, Deno.SeekMode.Start);
    file.writeSync(new Uint8Array(unit).fill(1));
    file.syncSync();
    const fd = openFile(path, "read");
    try {
      assert.equal(seekData(fd, 0), 2 * unit);
      assert.equal(seekHole(fd, 2 * unit), 3 * unit);
      assert.equal(seekHole(fd, 0), 0);
      assert.equal(seekData(fd, 3 * unit), undefined);
      assert.equal(seekData(fd, 8 * unit), undefined, "at the end");
    } finally {
      closeFile(fd);
    }
    assert.throws(() => seekHole(-1, 0), { code: "EBADF" });
    assert.throws(() => seekData(-1, 0), { code: "EBADF" });
  });
});

Deno.test({
  name: "openUnnamedFile() makes a file that takes data and that no folder lists",
  ignore: !linux,
  fn: () =>
    withFolder((folder) => {
      const fd = openUnnamedFile(folder);
      try {
        assert.equal(writeFile(fd, new Uint8Array([1, 2, 3])), 3);
        assert.deepEqual(Deno.readFileSync(`/proc/self/fd/${fd}`), new Uint8Array([1, 2, 3]));
        assert.deepEqual([...Deno.readDirSync(folder)], []);
      } finally {
        closeFile(fd);
      }
    }),
});

Deno.test({
  name: "reflink() says EXDEV across file systems",
  ignore: !linux,
  fn: () =>
    withFolder((folder) => {
      const source = openUnnamedFile(folder);
      const target = openUnnamedFile("/dev/shm");
      try {
        assert.throws(() => reflink(source, target), { name: "SystemError", code: "EXDEV" });
      } finally {
        closeFile(source);
        closeFile(target);
      }
    }),
});

Deno.test("SystemError knows the numbers of both systems and keeps one that it does not know", () => {
  assert.equal(new SystemError("x", 95, "linux").code, "EOPNOTSUPP");
  assert.equal(new SystemError("x", 102, "darwin").code, "EOPNOTSUPP");
  const odd = new SystemError("x", 4095, "linux");
  assert.equal(odd.code, undefined);
  assert.equal(odd.message, "x: error 4095");
});
