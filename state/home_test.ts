import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { defaultHomePath, Home, MAX_SOCKET_PATH_BYTES, openHome } from "./home.ts";

Deno.test("openHome() makes its folders private", () => {
  const root = Deno.makeTempDirSync({ dir: "/tmp" });
  try {
    const home = openHome(`${root}/deep/home`);
    for (const folder of [home.root, home.stagingDir, home.machinesDir, home.runsDir]) {
      const mode = Deno.statSync(folder).mode ?? 0;
      assert.equal(mode & 0o777, 0o700, folder);
    }
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});

Deno.test("openHome() refuses a path that is too long for sockets and makes nothing", () => {
  const root = Deno.makeTempDirSync({ dir: "/tmp" });
  try {
    const path = `${root}/${"x".repeat(MAX_SOCKET_PATH_BYTES)}`;
    assert.throws(() => openHome(path), (error: unknown) => {
      assert(error instanceof CocoonError);
      assert.equal(error.code, "usage");
      assert.match(error.message, /bytes too long/);
      return true;
    });
    assert.deepEqual([...Deno.readDirSync(root)], []);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});

Deno.test("openHome() accepts the longest path whose sockets fit, and not one byte more", () => {
  const room = MAX_SOCKET_PATH_BYTES - "/run/0123456789ab/supervisor.sock".length;
  const root = Deno.makeTempDirSync({ dir: "/tmp" });
  try {
    const fits = `${root}/`.padEnd(room, "y");
    assert.equal(`${openHome(fits).runDir("0123456789ab")}/supervisor.sock`.length, 103);
    assert.throws(() => openHome(`${fits}y`), CocoonError);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});

Deno.test("openHome() says what is in its way when the home is a file", () => {
  const file = Deno.makeTempFileSync({ dir: "/tmp" });
  try {
    assert.throws(() => openHome(file), (error: unknown) => {
      assert(error instanceof CocoonError);
      assert.equal(error.code, "host-lacks");
      assert.match(error.message, /cannot be used/);
      assert.match(error.hint ?? "", /COCOON_HOME/);
      return true;
    });
  } finally {
    Deno.removeSync(file);
  }
});

Deno.test("Home derives an image's folder from its digest", () => {
  assert.equal(new Home("/h").imageDir("sha256:ab"), "/h/images/sha256/ab");
});

Deno.test("defaultHomePath() takes COCOON_HOME, else ~/.cocoon, and says when neither is known", () => {
  const env = (values: Record<string, string>) => (name: string) => values[name];
  assert.equal(defaultHomePath(env({ COCOON_HOME: "/a", HOME: "/b" })), "/a");
  assert.equal(defaultHomePath(env({ COCOON_HOME: "", HOME: "/b" })), "/b/.cocoon");
  assert.throws(() => defaultHomePath(env({})), CocoonError);
});

Deno.test("openHome() makes a home private that lets others in, and its database", async () => {
  const root = await Deno.makeTempDir({ dir: "/tmp" });
  const mode = (path: string) => (Deno.statSync(path).mode ?? 0) & 0o7777;
  try {
    await Deno.chmod(root, 0o755);
    openHome(root);
    assert.equal(mode(root), 0o700);
    await Deno.writeTextFile(`${root}/state.db`, "", { mode: 0o644 });
    await Deno.chmod(root, 0o750);
    openHome(root);
    assert.deepEqual([mode(root), mode(`${root}/state.db`)], [0o700, 0o600]);
    await Deno.chmod(root, 0o1777);
    openHome(root);
    assert.equal(mode(root), 0o1777, "everybody's folder");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
