import assert from "node:assert/strict";
import { writeKnownHosts } from "./known_hosts.ts";

Deno.test("writeKnownHosts() leaves one whole line when several write at once", async () => {
  const directory = await Deno.makeTempDir({ prefix: "cocoon-hosts-" });
  try {
    const path = `${directory}/known_hosts`;
    await Deno.writeTextFile(path, "an older one\n");
    await Promise.all(
      Array.from({ length: 8 }, () => writeKnownHosts(path, "abc", "ssh-ed25519 AAAA cocoon-host")),
    );
    assert.equal(await Deno.readTextFile(path), "cocoon-abc ssh-ed25519 AAAA\n");
    assert.equal(((await Deno.stat(path)).mode ?? 0) & 0o777, 0o600);
    assert.equal((await Array.fromAsync(Deno.readDir(directory))).length, 1);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
