import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { realHost } from "../host/host.ts";
import { ensureUserKey, isPublicKeyLine, makeHostKey } from "./ssh_keys.ts";

const host = realHost();

async function inDirectory(body: (directory: string) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "cocoon-keys-" });
  try {
    await body(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function names(directory: string): Promise<string[]> {
  return (await Array.fromAsync(Deno.readDir(directory), (entry) => entry.name)).sort();
}

const mode = async (path: string) => ((await Deno.stat(path)).mode ?? 0) & 0o777;

Deno.test("ensureUserKey() makes one key, readable by its owner only, when there is none", () =>
  inDirectory(async (root) => {
    const directory = `${root}/home/ssh`;
    const first = await ensureUserKey(directory);
    assert.deepEqual(await ensureUserKey(directory), first);
    assert.deepEqual(await names(directory), ["id_ed25519", "id_ed25519.pub"]);
    assert.equal(first.privateKeyPath, `${directory}/id_ed25519`);
    assert.equal(await mode(first.privateKeyPath), 0o600);
    assert.equal(await mode(directory), 0o700);
    assert.equal(await Deno.readTextFile(`${directory}/id_ed25519.pub`), `${first.publicKey}\n`);
    assert(isPublicKeyLine(first.publicKey));
  }));

Deno.test("ensureUserKey() gives all processes the same key when they start at once", () =>
  inDirectory(async (root) => {
    const code = `
      import { ensureUserKey } from ${JSON.stringify(import.meta.resolve("./ssh_keys.ts"))};
      const keys = await Promise.all(Array.from({ length: 8 }, () => ensureUserKey(Deno.args[0])));
      console.log(keys.map((key) => key.publicKey).join("\\n"));`;
    await Deno.writeTextFile(`${root}/run.ts`, code);
    const outputs = await Promise.all(
      Array.from(
        { length: 3 },
        () =>
          host.run([Deno.execPath(), "run", "-A", "--no-check", `${root}/run.ts`, `${root}/ssh`]),
      ),
    );
    const lines = outputs.flatMap((output) => {
      assert.equal(output.code, 0, output.stderr);
      return output.stdout.trim().split("\n");
    });
    assert.equal(lines.length, 24);
    assert.equal(new Set(lines).size, 1);
    assert.deepEqual(await names(`${root}/ssh`), ["id_ed25519", "id_ed25519.pub"]);
  }));

Deno.test("ensureUserKey() mends the mode and the public file when they are wrong", () =>
  inDirectory(async (directory) => {
    const key = await ensureUserKey(directory);
    await Deno.chmod(key.privateKeyPath, 0o644);
    await Deno.writeTextFile(`${key.privateKeyPath}.pub`, "torn");
    assert.deepEqual(await ensureUserKey(directory), key);
    assert.equal(await mode(key.privateKeyPath), 0o600);
    assert.equal(await Deno.readTextFile(`${key.privateKeyPath}.pub`), `${key.publicKey}\n`);
  }));

Deno.test("ensureUserKey() refuses, and does not replace, when the file is no key", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/id_ed25519`, "not a key");
    await assert.rejects(
      () => ensureUserKey(directory),
      (error) => error instanceof CocoonError && /not a private key/.test(error.message),
    );
    assert.equal(await Deno.readTextFile(`${directory}/id_ed25519`), "not a key");
  }));

Deno.test("ensureUserKey() says which file when the folder cannot be made", () =>
  inDirectory(async (directory) => {
    await Deno.writeTextFile(`${directory}/ssh`, "a file");
    await assert.rejects(
      () => ensureUserKey(`${directory}/ssh`),
      (error) => error instanceof CocoonError && error.message.includes(`${directory}/ssh/id_`),
    );
  }));

Deno.test({
  name: "ensureUserKey() takes the user's own key when its public file is beside it",
  ignore: host.which("ssh-keygen") === undefined,
  fn: () =>
    inDirectory(async (directory) => {
      const path = `${directory}/id_ed25519`;
      const made = await host.run(
        ["ssh-keygen", "-q", "-t", "ecdsa", "-N", "secret", "-C", "mine", "-f", path],
      );
      assert.equal(made.code, 0, made.stderr);
      const line = (await Deno.readTextFile(`${path}.pub`)).trim();
      assert.equal((await ensureUserKey(directory)).publicKey, line);
    }),
});

Deno.test("makeHostKey() makes another key when called again", async () => {
  const [a, b] = await Promise.all([makeHostKey(), makeHostKey()]);
  assert.notEqual(a.publicKey, b.publicKey);
  assert(isPublicKeyLine(a.publicKey));
});

Deno.test("isPublicKeyLine() refuses text that sshd would not take", async () => {
  const { publicKey } = await makeHostKey();
  for (
    const bad of [
      "",
      "ssh-ed25519",
      `${publicKey}\n${publicKey}`,
      publicKey.replace("ssh-ed", "ssh-xx"),
      publicKey.slice(0, 50),
      `from="x" ${publicKey}`,
    ]
  ) assert.equal(isPublicKeyLine(bad), false, bad);
});
