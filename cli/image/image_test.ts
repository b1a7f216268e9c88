import assert from "node:assert/strict";
import { type FakeOptions, type FakeResult, runFake } from "../../tests/support/fake_outside.ts";

interface Fixture {
  directory: string;
  /** A small raw disk, and its digest in hexadecimal digits. */
  disk: string;
  digest: string;
  image(argv: string[], options?: FakeOptions): Promise<FakeResult>;
  json(argv: string[]): Promise<unknown>;
}

/** What `pull --output json` prints. */
interface Pulled {
  succeeded: { name?: string; outcome: string }[];
  failed: unknown[];
}

async function withHome(body: (fixture: Fixture) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  try {
    const disk = `${directory}/disk.raw`;
    const bytes = crypto.getRandomValues(new Uint8Array(65_536));
    // An MBR's signature, so that it is seen to be a disk.
    bytes.set([0x55, 0xaa], 510);
    await Deno.writeFile(disk, bytes);
    const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    const image = (argv: string[], options: FakeOptions = {}) =>
      runFake(["image", ...argv], {
        ...options,
        env: { COCOON_HOME: `${directory}/home`, HOME: directory },
      });
    const json = async (argv: string[]) => {
      const { code, stdout } = await image([...argv, "--output", "json"]);
      assert.equal(code, 0);
      return JSON.parse(stdout);
    };
    await body({ directory, disk, digest: hash.toHex(), image, json });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("cocoon image list is an empty list when there are no images", async () => {
  await withHome(async ({ image }) => {
    const { code, stdout, stderr } = await image(["list", "-o", "json"]);
    assert.deepEqual([code, stdout, stderr], [0, "[]\n", ""]);
    assert.match((await image(["ls"])).stdout, /^NAME {2}DIGEST .*AGE\n$/);
  });
});

Deno.test("cocoon image import stores a file, list and inspect show it, rm removes it", async () => {
  await withHome(async ({ image, json, disk, digest }) => {
    const imported = await image(["import", "small", disk, "--sha256", digest]);
    assert.deepEqual([imported.code, imported.stdout], [0, "small\n"]);
    const [first] = await json(["list"]) as Record<string, unknown>[];
    assert.deepEqual(first?.["tags"], ["small"]);
    assert.deepEqual(first?.["machines"], []);
    assert.equal(first?.["digest"], `sha256:${digest}`);
    assert.equal(first?.["virtualBytes"], 65_536);
    const [, row = ""] = (await image(["ls"])).stdout.split("\n");
    assert.match(row, new RegExp(`^small +${digest.slice(0, 12)} +disk +64KiB`));
    const inspected = await json(["inspect", digest.slice(0, 12), "--check"]);
    assert.equal((inspected as { intact: boolean }).intact, true);
    assert.match((await image(["inspect", "small"])).stdout, /\nverified +given sha256\n/);
    assert.deepEqual(await image(["rm", "small"]), { code: 0, stdout: "small\n", stderr: "" });
    assert.deepEqual(await json(["list"]), []);
  });
});

Deno.test("cocoon image list and inspect tell a CD from a disk", async () => {
  await withHome(async ({ image, json }) => {
    // The mark of its first volume descriptor (ECMA-119, 8.1).
    const stdin = `${"\0".repeat(32_769)}CD001${"\0".repeat(32_762)}`;
    await image(["import", "cd"], { stdin });
    assert.equal((await json(["inspect", "cd"]) as { kind: string }).kind, "iso");
    assert.match((await image(["inspect", "cd"])).stdout, /\nkind +iso\n/);
    assert.match(
      (await image(["list"])).stdout,
      /^NAME +DIGEST +KIND [^\n]*\ncd +[0-9a-f]{12} +iso /,
    );
  });
});

Deno.test("cocoon image import reads standard input, but not a terminal", async () => {
  await withHome(async ({ image, json }) => {
    const imported = await image(["import", "piped"], { stdin: "\0".repeat(4096) });
    assert.deepEqual([imported.code, imported.stdout], [0, "piped\n"]);
    assert.equal((await json(["list"]) as unknown[]).length, 1);
    const typed = await image(["import", "typed"], { terminals: { stdin: true } });
    assert.deepEqual(typed, {
      code: 2,
      stdout: "",
      stderr: "cocoon: standard input is a terminal, not a disk image\n" +
        "hint: Give a file, or redirect one: < disk.qcow2\n",
    });
  });
});

Deno.test("cocoon image inspect --check fails when the disk has changed", async () => {
  await withHome(async ({ image, json, disk }) => {
    await image(["import", "small", disk]);
    const { diskPath } = await json(["inspect", "small"]) as { diskPath: string };
    await Deno.chmod(diskPath, 0o600);
    using file = await Deno.open(diskPath, { write: true });
    await file.write(new Uint8Array(600));
    const { code, stdout, stderr } = await image(["inspect", "small", "--check", "-o", "json"]);
    assert.equal(code, 1);
    assert.equal(JSON.parse(stdout).intact, false);
    assert.match(stderr, /^cocoon: image "small": its content has changed\nhint: /);
  });
});

Deno.test("cocoon image rm removes nothing when one name is unknown", async () => {
  await withHome(async ({ image, json, disk }) => {
    await image(["import", "small", disk]);
    const { code, stdout, stderr } = await image(["rm", "small", "smal", "other"]);
    assert.deepEqual([code, stdout], [3, ""]);
    assert.match(stderr, /^cocoon: image "smal": not found \(did you mean "small"\?\)\n/);
    assert.match(stderr, /\ncocoon: image "other": not found/);
    assert.equal((await json(["list"]) as unknown[]).length, 1);
  });
});

Deno.test("cocoon image pull takes a name of the configuration with its digest", async () => {
  await withHome(async ({ directory, image, json, disk, digest }) => {
    await Deno.mkdir(`${directory}/home`);
    const write = (sha256: string) =>
      Deno.writeTextFile(
        `${directory}/home/config.toml`,
        `[images."my:disk"]\nsource = "../disk.raw"\nsha256 = "${sha256}"\n`,
      );
    await write("0".repeat(64));
    const refused = await image(["pull", "my:disk", "-o", "json"]);
    assert.equal(refused.code, 1);
    const { succeeded, failed } = JSON.parse(refused.stdout);
    assert.deepEqual(succeeded, []);
    assert.deepEqual([failed[0].name, failed[0].code], ["my:disk", "failed"]);
    assert.match(failed[0].error, /checksum mismatch/);
    assert.deepEqual(await json(["list"]), []);
    await write(digest);
    for (const outcome of ["stored", "already-stored"]) {
      const pulled = await json(["pull", "my:disk"]) as Pulled;
      assert.deepEqual(pulled.failed, []);
      const [{ name, ...image } = { outcome: "" }] = pulled.succeeded;
      assert.deepEqual([name, image.outcome], ["my:disk", outcome]);
      const { machines: _, ...listed } = (await json(["list"]) as Record<string, unknown>[])[0] ??
        {};
      assert.deepEqual(image, { outcome, ...listed });
    }
    const [first] = await json(["list"]) as { tags: string[]; source: string }[];
    assert.deepEqual(first?.tags, ["my:disk"]);
    assert.equal(first?.source, disk);
    const again = await image(["pull", "my:disk", "--progress", "none"]);
    assert.deepEqual(again, {
      code: 0,
      stdout: "my:disk\n",
      stderr: "my:disk: is here already\n",
    });
  });
});

Deno.test("cocoon image pull of standard input says by what it can be called", async () => {
  await withHome(async ({ image, digest }) => {
    const stdin = "\0".repeat(4096);
    const piped = await image(["pull", "-", "--progress", "none"], { stdin });
    assert.deepEqual([piped.code, piped.stderr], [0, ""]);
    assert.match(piped.stdout, /^sha256:[0-9a-f]{64}\n$/);
    assert.notEqual(piped.stdout.trim(), digest);
    assert.equal((await image(["inspect", piped.stdout.trim()])).code, 0);
    const named = await image(["pull", "-", "--name", "zeros", "--progress", "none"], { stdin });
    assert.deepEqual([named.code, named.stdout], [0, "zeros\n"]);
    const typed = await image(["pull", "-"], { terminals: { stdin: true } });
    assert.deepEqual([typed.code, typed.stdout], [2, ""]);
    assert.match(typed.stderr, /standard input is a terminal/);
  });
});

Deno.test("cocoon image pull refuses one name or digest for several images", async () => {
  await withHome(async ({ image }) => {
    assert.deepEqual(await image(["pull", "--name", "x", "./a", "./b"]), {
      code: 2,
      stdout: "",
      stderr: "cocoon: --name is for one image, not for 2\nhint: Pull them one by one.\n",
    });
  });
});

Deno.test("cocoon gc says why images take more than the budget", async () => {
  await withHome(async ({ directory, image, disk }) => {
    await image(["import", "small", disk]);
    const env = { COCOON_HOME: `${directory}/home`, HOME: directory };
    const { code, stderr } = await runFake(["gc", "--budget", "20K"], { env });
    assert.equal(code, 0);
    assert.equal(
      stderr,
      "cocoon: images take 64KiB, above the budget of 20KiB: " +
        "64KiB are of images used in the last hour\ncocoon: 0 removed, 0B freed\n",
    );
  });
});
