import assert from "node:assert/strict";
import fc from "fast-check";
import { realHost } from "../host/host.ts";
import { makeSshKeyPair, publicKeyOf } from "./openssh_key.ts";

const host = realHost();
const keygen = host.which("ssh-keygen");

Deno.test("publicKeyOf() gives back the public line when the private key is ours", async () => {
  for (const comment of ["", "a", "cocoon host", "x".repeat(9), "käse"]) {
    const pair = await makeSshKeyPair(comment);
    assert.equal(publicKeyOf(pair.privateKey), pair.publicKey);
    assert.equal(publicKeyOf(pair.privateKey.replaceAll("\n", "\r\n")), pair.publicKey);
  }
});

Deno.test("publicKeyOf() is undefined, and never throws, when the text is damaged", async () => {
  const { privateKey, publicKey } = await makeSshKeyPair("c");
  fc.assert(fc.property(fc.nat(privateKey.trimEnd().length - 1), (cut) => {
    const got = publicKeyOf(privateKey.slice(0, cut));
    assert.equal(got, undefined);
  }));
  fc.assert(fc.property(fc.string(), (text) => assert.equal(publicKeyOf(text), undefined)));
  assert.equal(publicKeyOf(publicKey), undefined);
});

Deno.test({
  name: "makeSshKeyPair() makes keys that ssh-keygen reads, signs and verifies with",
  ignore: keygen === undefined,
  async fn() {
    const directory = await Deno.makeTempDir({ prefix: "cocoon-key-" });
    const run = (args: string[], stdin?: string) =>
      host.run([keygen ?? "", ...args], stdin === undefined ? {} : { stdin });
    try {
      // Comments of every length modulo the block size: each needs another padding.
      for (let length = 0; length < 8; length++) {
        const path = `${directory}/key${length}`;
        const pair = await makeSshKeyPair("c".repeat(length));
        await Deno.writeTextFile(path, pair.privateKey, { mode: 0o600 });
        await Deno.writeTextFile(`${path}.pub`, `${pair.publicKey}\n`);

        const derived = await run(["-y", "-f", path]);
        assert.equal(derived.code, 0, derived.stderr);
        assert.equal(derived.stdout.trim(), pair.publicKey);
        const shown = await run(["-l", "-f", `${path}.pub`]);
        assert.match(shown.stdout, /^256 SHA256:\S+ .*\(ED25519\)$/m);

        const signed = await run(["-Y", "sign", "-f", path, "-n", "test"], "message");
        assert.equal(signed.code, 0, signed.stderr);
        await Deno.writeTextFile(`${directory}/signature`, signed.stdout);
        await Deno.writeTextFile(`${directory}/allowed`, `me ${pair.publicKey}\n`);
        const verify = ["-Y", "verify", "-f", `${directory}/allowed`, "-I", "me", "-n", "test"];
        const good = await run([...verify, "-s", `${directory}/signature`], "message");
        assert.equal(good.code, 0, good.stderr);
        const bad = await run([...verify, "-s", `${directory}/signature`], "another message");
        assert.notEqual(bad.code, 0);
      }
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  },
});
