import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import { type TestKey, testKeys } from "../testing/openpgp.ts";
import { keyPackets } from "./armor.ts";
import { signatureProgram, verifySignature } from "./signature.ts";

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const pin = ({ fingerprint, armored }: TestKey) => ({ fingerprint, key: encode(armored) });
const CONTENT = `${"a".repeat(64)}  disk.img\n`;

/** A host on which only this one of GnuPG's programs is installed; undefined for none. */
function hostWith(program?: "gpg" | "gpgv") {
  const host = realHost();
  return {
    run: host.run,
    which: (name: string) => name === program ? host.which(name) : undefined,
  };
}

for (const program of ["gpgv", "gpg"] as const) {
  const host = hostWith(program);

  Deno.test(`verifySignature() with ${program} takes what a pinned key has signed`, async () => {
    await using keys = await testKeys();
    const key = await keys.make("Publisher <p@example.org>");
    const other = await keys.make("Other <o@example.org>");
    const detached = {
      content: encode(CONTENT),
      signature: encode(await key.sign(CONTENT)),
    };
    assert.deepEqual(await verifySignature(host, detached, [pin(other), pin(key)]), {
      fingerprint: key.fingerprint,
      content: detached.content,
    });
    const inline = { content: encode(await key.clearsign(CONTENT)) };
    const { fingerprint, content } = await verifySignature(host, inline, [pin(key)]);
    assert.deepEqual([fingerprint, decode(content)], [key.fingerprint, CONTENT]);
  });

  Deno.test(`verifySignature() with ${program} refuses everything else`, async () => {
    await using keys = await testKeys();
    const key = await keys.make("Publisher <p@example.org>");
    const other = await keys.make("Other <o@example.org>");
    const old = await keys.make("Old <old@example.org>", {
      time: "20200101T000000",
      expires: "1y",
    });
    const content = encode(CONTENT);
    const signature = encode(await key.sign(CONTENT));
    const clear = await key.clearsign(CONTENT);
    const stranger = /none of the pinned keys has signed it/;
    const cases: [string, Parameters<typeof verifySignature>[1], TestKey, RegExp][] = [
      ["tampered", { content: encode(CONTENT.replace("a", "b")), signature }, key, /is wrong/],
      ["tampered inside", { content: encode(clear.replace("disk", "desk")) }, key, /is wrong/],
      ["another key", { content, signature }, other, stranger],
      ["no signature", { content }, key, stranger],
      ["nonsense", { content, signature: encode("<html>") }, key, stranger],
      [
        "expired key",
        { content, signature: encode(await old.sign(CONTENT)) },
        old,
        /the key that signed it has expired/,
      ],
    ];
    for (const [name, file, pinned, message] of cases) {
      await assert.rejects(verifySignature(host, file, [pin(pinned)]), (error: Error) => {
        assert.equal(Reflect.get(error, "code"), "failed", name);
        assert.match(error.message, message, name);
        return true;
      });
    }
    // The right key under a fingerprint that is not its own is not believed.
    const mislabelled = { fingerprint: key.fingerprint, key: encode(other.armored) };
    const signed = { content, signature: encode(await other.sign(CONTENT)) };
    await assert.rejects(verifySignature(host, signed, [mislabelled]), { message: stranger });
    // Text outside of the signed part counts for nothing.
    const around = { content: encode(`${"b".repeat(64)}  disk.img\n${clear}`) };
    const verified = await verifySignature(host, around, [pin(key)]);
    assert.equal(decode(verified.content), CONTENT);
  });
}

Deno.test("verifySignature() needs GnuPG, and leaves nothing behind", async () => {
  assert.equal(signatureProgram(hostWith()), undefined);
  await assert.rejects(verifySignature(hostWith(), { content: encode("x") }, []), {
    code: "host-lacks",
  });
  await using keys = await testKeys();
  const key = await keys.make("Publisher <p@example.org>");
  const host = hostWith("gpgv");
  const folders: string[] = [];
  const watched: typeof host = {
    ...host,
    run: (argv, options) => {
      folders.push(argv[argv.indexOf("--homedir") + 1] ?? "");
      return host.run(argv, options);
    },
  };
  await assert.rejects(verifySignature(watched, { content: encode("x") }, [pin(key)]), {
    code: "failed",
  });
  assert.equal(folders.length, 1);
  for (const folder of folders) await assert.rejects(Deno.stat(folder), Deno.errors.NotFound);
});

Deno.test("keyPackets() reads keys with and without armor, several in one file", async () => {
  await using keys = await testKeys();
  const one = await keys.make("One <1@example.org>");
  const two = await keys.make("Two <2@example.org>");
  const first = keyPackets(encode(one.armored));
  const both = keyPackets(encode(`# keys\r\n${one.armored}\ntext\n${two.armored}`));
  assert.deepEqual(both.subarray(0, first.length), first);
  assert.equal(both.length, first.length + keyPackets(encode(two.armored)).length);
  assert.deepEqual(keyPackets(both), both);
  for (const text of ["", "<html>", one.armored.replace(/^[A-Za-z0-9+/]{20}/m, "!!!!")]) {
    assert.throws(() => keyPackets(encode(text)), { code: "failed" }, text.slice(0, 40));
  }
});
