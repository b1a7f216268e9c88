import assert from "node:assert/strict";
import { runFake } from "../../tests/support/fake_outside.ts";
import { startRegistry } from "../../tests/support/registry.ts";

Deno.test("cocoon image push and pull go through a registry and back", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await using registry = await startRegistry();
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    // An MBR's signature, so that it is seen to be a disk.
    bytes.set([0x55, 0xaa], 510);
    await Deno.writeFile(`${directory}/disk.raw`, bytes);
    const image = (home: string, ...argv: string[]) =>
      runFake(["image", ...argv], {
        env: { COCOON_HOME: `${directory}/${home}`, HOME: directory },
      });
    assert.equal((await image("a", "import", "disk", `${directory}/disk.raw`)).code, 0);
    const reference = `${registry.host}/team/disk:1`;
    const pushed = await image("a", "push", "disk", reference, "--progress", "none");
    assert.deepEqual([pushed.code, pushed.stderr], [0, ""]);
    const pinned = pushed.stdout.trim();
    assert.match(pinned, /^127\.0\.0\.1:\d+\/team\/disk:1@sha256:[0-9a-f]{64}$/);
    const again = await image("a", "push", "disk", `oci:${reference}`, "-o", "json");
    const { reference: same, bytes: size } = JSON.parse(again.stdout);
    assert.equal(same, pinned);
    assert.ok(size > 60_000);

    const pulled = await image("b", "pull", pinned, "--name", "mine", "--progress", "none");
    assert.deepEqual([pulled.code, pulled.stdout], [0, `${pinned}\n`]);
    const { stdout } = await image("b", "inspect", "mine", "-o", "json");
    const { diskPath, verified } = JSON.parse(stdout);
    assert.deepEqual(await Deno.readFile(diskPath), bytes);
    assert.equal(verified, "sha256");

    const missing = await image("b", "pull", `${registry.host}/team/none:1`);
    assert.equal(missing.code, 3);
    assert.match(missing.stderr, /has no such image \(HTTP 404, MANIFEST_UNKNOWN: /);
    const unknown = await image("a", "push", "dusk", reference);
    assert.equal(unknown.code, 3);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
