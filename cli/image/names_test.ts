/** `cocoon image` with names, publishers and servers. */
import assert from "node:assert/strict";
import { writeDisk } from "../../images/testing/qemu_img.ts";
import { type FakeOptions, type FakeResult, runFake } from "../../tests/support/fake_outside.ts";
import { type HttpServer, httpServer } from "../../tests/support/http_server.ts";

const MIB = 1024 * 1024;

interface Fixture {
  server: HttpServer;
  cocoon(argv: string[], options?: FakeOptions): Promise<FakeResult>;
  json(argv: string[]): Promise<Record<string, unknown>[]>;
  /** Serves a disk as `/disk.img`, with its digest in `/SHA256SUMS` and this ETag. */
  publish(seed: number): Promise<string>;
}

/** A home whose configuration has the image `acme`. */
async function withHome(body: (fixture: Fixture) => Promise<void>): Promise<void> {
  const directory = await Deno.makeTempDir();
  await using server = httpServer();
  try {
    const env = { COCOON_HOME: `${directory}/home`, HOME: directory };
    await Deno.mkdir(env.COCOON_HOME);
    await Deno.writeTextFile(
      `${directory}/home/config.toml`,
      `[images.acme]\nsource = "${server.url}/disk.img"\nchecksum = "${server.url}/SHA256SUMS"\n` +
        `title = "Ours"\nminimum_disk = "5G"\n`,
    );
    const cocoon = (argv: string[], options: FakeOptions = {}) => {
      return runFake(argv, { ...options, env, host: { now: () => new Date() } });
    };
    await body({
      server,
      cocoon,
      async json(argv) {
        const { code, stdout, stderr } = await cocoon([...argv, "--output", "json"]);
        assert.equal(code, 0, stderr);
        return JSON.parse(stdout);
      },
      async publish(seed) {
        const path = `${directory}/disk-${seed}`;
        writeDisk(path, { bytes: MIB, seed });
        const bytes = await Deno.readFile(path);
        const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
        server.serve("/disk.img", { body: bytes, headers: { etag: `"${seed}"` } });
        server.serve("/SHA256SUMS", { body: `${digest}  disk.img\n` });
        return digest;
      },
    });
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("cocoon image search finds cocoon's images and the configuration's", async () => {
  await withHome(async ({ cocoon, json, server }) => {
    const table = await cocoon(["image", "search", "noble"]);
    assert.equal(table.code, 0);
    assert.match(table.stdout, /^NAME .*\nubuntu:24\.04 +Ubuntu 24\.04 LTS .* signature +ubuntu, /);
    assert.equal((await json(["image", "search"])).length >= 12, true);
    const [acme, ...others] = await json(["image", "search", "ours"]);
    assert.deepEqual(others, []);
    assert.deepEqual([acme?.["name"], acme?.["origin"]], ["acme", "configuration"]);
    assert.equal(acme?.["minimumDiskBytes"], 5 * 1024 ** 3);
    assert.deepEqual(await json(["image", "search", "nothing-like-it"]), []);
    const nothing = await cocoon(["image", "search", "nothing-like-it"]);
    assert.deepEqual([nothing.code, nothing.stderr], [
      0,
      'no image has "nothing-like-it" in its name or title; ' +
      "`cocoon image search` without words shows all\n",
    ]);
    assert.match(
      (await cocoon(["image", "search", "debain"])).stderr,
      /^no image has "debain" in its name or title \(did you mean "debian/,
    );
    assert.equal(server.requests.length, 0);
  });
});

Deno.test("cocoon image shows no password of [images], and stores none", async () => {
  await withHome(async ({ server, cocoon, json, publish }) => {
    await publish(1);
    const secret = server.url.replace("//", "//me:secret@");
    const directory = await Deno.makeTempDir();
    const config = `${directory}/config.toml`;
    await Deno.writeTextFile(
      config,
      `[images.acme]\nsource = "${secret}/disk.img"\nchecksum = "${secret}/SHA256SUMS"\n` +
        `keys = [{ fingerprint = "${"0".repeat(40)}", source = "${secret}/key" }]\n`,
    );
    try {
      const pulled = await cocoon(["image", "pull", "acme", "--config", config]);
      assert.equal(pulled.code, 0, pulled.stderr);
      const shown = [
        pulled.stderr,
        (await cocoon(["image", "pull", `${secret}/disk.img`])).stdout,
        JSON.stringify(await json(["image", "search", "acme", "--config", config])),
        JSON.stringify(await json(["image", "inspect", "acme"])),
        (await cocoon(["image", "inspect", "acme"])).stdout,
      ].join("\n");
      assert.ok(shown.includes(`${server.url}/SHA256SUMS`));
      assert.doesNotMatch(shown, /secret/);
    } finally {
      await Deno.remove(directory, { recursive: true });
    }
  });
});

Deno.test("cocoon image pull takes a URL without a digest only when that is allowed", async () => {
  await withHome(async ({ cocoon, json, server, publish }) => {
    const digest = await publish(1);
    const url = `${server.url}/disk.img`;
    const refused = await cocoon(["image", "pull", url]);
    assert.deepEqual([refused.code, refused.stdout], [1, ""]);
    assert.match(refused.stderr, /nobody vouches for it: no digest is known\nhint: .*--insecure/);
    assert.deepEqual(await json(["image", "list"]), []);
    const run = await cocoon(["vm", "create", url]);
    assert.match(run.stderr, /nobody vouches for it/);

    const allowed = await cocoon(["image", "pull", url, "--insecure-unverified", "-n", "x"]);
    assert.deepEqual([allowed.code, allowed.stdout], [0, "x\n"]);
    const again = await cocoon(["image", "pull", url, "-n", "x"]);
    assert.deepEqual([again.stdout, again.stderr], ["x\n", "x: is here already\n"]);
    assert.match((await cocoon(["image", "ls"])).stdout, /^NAME .* VERIFIED .*\nx .* none /);
    await cocoon(["image", "pull", url, "--sha256", digest]);
    assert.match((await cocoon(["image", "ls"])).stdout, / given sha256 /);
  });
});

Deno.test("cocoon image outdated tells what has changed, and update gets it", async () => {
  await withHome(async ({ cocoon, json, server, publish }) => {
    const first = await publish(1);
    const url = `${server.url}/disk.img`;
    await cocoon(["image", "pull", "acme"]);
    await cocoon(["image", "pull", url, "--insecure-unverified"]);
    const states = async () => {
      return Object.fromEntries((await json(["image", "outdated"]))
        .map(({ name, state }) => [name, state]));
    };
    assert.deepEqual(await states(), { acme: "current", [url]: "current" });
    const idle = await cocoon(["image", "update"]);
    assert.deepEqual([idle.code, idle.stderr], [0, `acme: is current\n${url}: is current\n`]);

    const second = await publish(2);
    assert.deepEqual(await states(), { acme: "outdated", [url]: "outdated" });
    const updated = await cocoon(["image", "update", "acme", "--progress", "none"]);
    assert.deepEqual(updated, { code: 0, stdout: "acme\n", stderr: "" });
    const digests = async () => {
      return Object.fromEntries((await json(["image", "list"]))
        .map(({ tags, digest, verified }) => [String(tags), [digest, verified]]));
    };
    assert.deepEqual(await digests(), {
      [url]: [`sha256:${first}`, "checksum"],
      acme: [`sha256:${second}`, "checksum"],
    });
    // Without the publisher's word the old decision has to be made again.
    assert.match((await cocoon(["image", "update", url])).stderr, /nobody vouches/);
    await cocoon(["image", "update", url, "--insecure-unverified"]);
    assert.deepEqual(await digests(), {
      "": [`sha256:${first}`, "checksum"],
      [`acme,${url}`]: [`sha256:${second}`, "checksum"],
    });
    assert.deepEqual(await states(), { acme: "current", [url]: "current" });
  });
});

Deno.test("cocoon image update passes over what a digest has pinned", async () => {
  await withHome(async ({ cocoon, json, server, publish }) => {
    const first = await publish(1);
    const url = `${server.url}/disk.img`;
    await cocoon(["image", "pull", url, "-n", "mine", "--sha256", first]);
    const second = await publish(2);
    const all = await cocoon(["image", "update"]);
    assert.deepEqual([all.code, all.stdout], [0, ""]);
    assert.equal(all.stderr, "mine: is pinned by the digest that it was pulled with\n");
    const digestOfMine = async () => {
      const images = await json(["image", "list"]);
      return images.find(({ tags }) => String(tags) === "mine")?.["digest"];
    };
    assert.equal(await digestOfMine(), `sha256:${first}`);

    const one = await cocoon(["image", "update", "mine"]);
    assert.equal(one.code, 1);
    assert.match(
      one.stderr,
      /"mine": nobody vouches for what is there now\nhint: Give its digest: /,
    );
    // What the hint says works.
    const again = await cocoon(["image", "pull", "--force", "mine", "--sha256", second]);
    assert.equal(again.code, 0, again.stderr);
    assert.equal(await digestOfMine(), `sha256:${second}`);
  });
});

Deno.test("cocoon image outdated says why it does not know", async () => {
  await withHome(async ({ cocoon, json, server, publish }) => {
    await publish(1);
    await cocoon(["image", "pull", "acme"]);
    server.serve("/SHA256SUMS", { body: "", status: 404 });
    const [row] = await json(["image", "outdated"]);
    assert.equal(row?.["state"], "unknown");
    assert.match(String(row?.["reason"]), /SHA256SUMS: the server has no such file/);

    await cocoon(["image", "import", "piped"], { stdin: "\0".repeat(4096) });
    const [piped] = await json(["image", "outdated", "piped"]);
    assert.equal(piped?.["reason"], "it came from standard input");
    const { code, stderr } = await cocoon(["image", "update", "piped"]);
    assert.equal(code, 1);
    assert.match(stderr, /"piped": cannot be got anew: it came from standard input\nhint: Import/);
    assert.equal((await cocoon(["image", "outdated", "other"])).code, 3);
  });
});

Deno.test("cocoon image pull warns when a signature cannot be checked, and the list shows it", async () => {
  await withHome(async ({ server, cocoon, json, publish }) => {
    await publish(1);
    const signed = `${await Deno.makeTempDir()}/config.toml`;
    await Deno.writeTextFile(
      signed,
      `[images.acme]\nsource = "${server.url}/disk.img"\nchecksum = "${server.url}/SHA256SUMS"\n` +
        `signature = "${server.url}/SHA256SUMS.asc"\n` +
        `keys = [{ fingerprint = "${"0".repeat(40)}", source = "${server.url}/key" }]\n`,
    );
    try {
      const pulled = await cocoon(["image", "pull", "acme", "--config", signed]);
      assert.equal(pulled.code, 0, pulled.stderr);
      assert.ok(pulled.stderr.includes(
        `cocoon: warning: ${server.url}/SHA256SUMS: its signature was not checked, ` +
          `because neither gpgv nor gpg is installed\n`,
      ));
      assert.equal((await json(["image", "list"]))[0]?.["verified"], "checksum");
      const inspected = await cocoon(["image", "inspect", "acme"]);
      assert.match(inspected.stdout, /\nverified +checksum\nchecksum file +http.*SHA256SUMS\n/);
    } finally {
      await Deno.remove(signed.replace(/\/config\.toml$/, ""), { recursive: true });
    }
  });
});

Deno.test("cocoon gc --budget removes the least recently used images", async () => {
  await withHome(async ({ cocoon, json, publish }) => {
    await publish(1);
    await cocoon(["image", "pull", "acme"]);
    const [image] = await json(["image", "list"]);
    const inspected: unknown = await json(["image", "inspect", "acme"]);
    const folder = String(Reflect.get(Object(inspected), "diskPath")).replace(/\/disk\.raw$/, "");
    assert.deepEqual(await json(["gc", "--budget", "0"]), []); // it was used just now
    const longAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
    await Deno.utime(folder, longAgo, longAgo);
    assert.deepEqual(await json(["gc"]), []);
    assert.deepEqual(await json(["gc", "--budget", "0"]), [
      { what: "image above the budget", name: "acme", bytes: image?.["allocatedBytes"] },
    ]);
    assert.deepEqual(await json(["image", "list"]), []);
  });
});

Deno.test("cocoon vm create refuses a disk that is smaller than the image needs", async () => {
  await withHome(async ({ cocoon, publish }) => {
    await publish(1);
    const { code, stderr } = await cocoon(["vm", "create", "acme", "--disk", "4G"]);
    assert.deepEqual([code, stderr.split("\n").slice(-3, -1)], [2, [
      "cocoon: --disk 4GiB: the image needs at least 5GiB",
      "hint: Give at least 5GiB, or leave it out.",
    ]]);
  });
});
