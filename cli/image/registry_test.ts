import assert from "node:assert/strict";
import { fakeRegistry } from "../../images/oci/testing/fake_registry.ts";
import { imageParts } from "../../images/oci/testing/parts.ts";
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
    assert.deepEqual([pulled.code, pulled.stdout], [0, "mine\n"]);
    const { stdout } = await image("b", "inspect", "mine", "-o", "json");
    const { diskPath, verified } = JSON.parse(stdout);
    assert.deepEqual(await Deno.readFile(diskPath), bytes);
    assert.equal(verified, "sha256");

    const foreign = "aarch64";
    const far = await image(
      "b",
      "pull",
      reference,
      "--architecture",
      foreign,
      "--progress",
      "none",
    );
    assert.deepEqual([far.code, far.stdout], [0, `${reference}-${foreign}\n`]);

    const missing = await image("b", "pull", `${registry.host}/team/none:1`);
    assert.equal(missing.code, 3);
    assert.match(missing.stderr, /has no such image \(HTTP 404, MANIFEST_UNKNOWN: /);
    const unknown = await image("a", "push", "dusk", reference);
    assert.equal(unknown.code, 3);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("cocoon image outdated and update speak to a registry without TLS when told to", async () => {
  const directory = await Deno.makeTempDir();
  try {
    await using registry = fakeRegistry();
    const publish = async () => {
      const bytes = crypto.getRandomValues(new Uint8Array(65_536));
      bytes.set([0x55, 0xaa], 510);
      return await registry.add(
        "latest",
        await imageParts({
          layers: [{ bytes, mediaType: "application/octet-stream" }],
          artifactType: "application/vnd.example.disk",
          configType: "application/vnd.oci.empty.v1+json",
          config: {},
        }),
      );
    };
    const image = (...argv: string[]) =>
      runFake(["image", ...argv], { env: { COCOON_HOME: `${directory}/a`, HOME: directory } });
    const state = async () => {
      const { stdout } = await image("outdated", "mine", "--plain-http", "-o", "json");
      return JSON.parse(stdout)[0].state;
    };
    const flags = ["--plain-http", "--insecure-unverified", "--progress", "none"];
    await publish();
    // This computer by an address that does not say so.
    const reference = `oci:${registry.host.replace("127.0.0.1", "0.0.0.0")}/team/disk:latest`;
    const pulled = await image("pull", reference, "--name", "mine", ...flags);
    assert.equal(pulled.code, 0, pulled.stderr);
    assert.equal(await state(), "current");
    const second = await publish();
    assert.equal(await state(), "outdated");
    const updated = await image("update", "mine", ...flags);
    assert.equal(updated.code, 0, updated.stderr);
    const { stdout } = await image("inspect", "mine", "-o", "json");
    assert.equal(JSON.parse(stdout).digest, second);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
