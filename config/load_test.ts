import assert from "node:assert/strict";
import { formatError } from "../cli/report.ts";
import { assertGolden } from "../tests/support/golden.ts";
import { loadConfig, type LoadOptions, locateFile } from "./load.ts";
import { backendSettings, networkSettings, networkTable } from "./plugin_settings.ts";
import type { Config } from "./types.ts";
import { defineSettings } from "../plugins/settings.ts";
import type { Backend, NetworkProvider } from "../plugins/contract.ts";

/** A home that has `text` as its file, for the length of a test. */
async function withFile(
  text: string | undefined,
  body: (path: string, load: (options?: Partial<LoadOptions>) => Promise<Config>) => Promise<void>,
  env: Record<string, string> = {},
): Promise<void> {
  const homePath = await Deno.makeTempDir();
  try {
    if (text !== undefined) await Deno.writeTextFile(`${homePath}/config.toml`, text);
    const variables = (name: string) => env[name];
    const host = { os: "linux", architecture: "x86_64", env: variables } as const;
    await body(
      `${homePath}/config.toml`,
      (options = {}) => loadConfig({ host, homePath, overrides: {}, ...options }),
    );
  } finally {
    await Deno.remove(homePath, { recursive: true });
  }
}

/** What a user reads when `promise` fails; the file is called `config.toml`. */
async function complaint(path: string, promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => assert.fail("it did not fail"), (error) => error);
  return formatError(error, { debug: false, color: false }).replaceAll(path, "config.toml");
}

Deno.test("loadConfig() gives the defaults when there is no file", async () => {
  await withFile(undefined, async (_path, load) => {
    const config = await load();
    assert.equal(config.file, undefined);
    assert.equal(config.backend, "qemu");
    assert.equal(config.defaults.memoryBytes, 1024 ** 3);
    assert.equal(config.defaults.architecture, "x86_64");
    assert.deepEqual(config.networks, {
      nat: { provider: "nat", settings: {} },
      none: { provider: "none", settings: {} },
    });
    assert.ok([...config.origins.values()].every(({ kind }) => kind === "default"));
  });
});

Deno.test("loadConfig() gives a Mac the backend that is made for it", async () => {
  const host = { os: "darwin", architecture: "aarch64", env: () => undefined } as const;
  const config = await loadConfig({ host, homePath: "/nowhere", overrides: {} });
  assert.equal(config.backend, "vfkit");
  assert.equal(config.origins.get("backend")?.kind, "default");
});

Deno.test("loadConfig() reads every key of the file in cocoon's units", async () => {
  const text = `
backend = "other"
network = "lan"
storage = "copy"
[defaults]
cpus = 4
memory = "1.5GiB"
disk = "20G"
user = "me"
restart = "always"
architecture = "aarch64"
stop_timeout = "1m30s"
wait_timeout = "10m"
[backends.other]
accelerator = "tcg"
[networks.lan]
provider = "bridge"
interface = "br0"
[networks.nat]
cidr = "10.0.3.0/24"
[plugins.other]
kind = "backend"
path = "plugins/other.ts"
[plugins.far]
kind = "storage"
path = "~/far.ts"
[images."debian:13"]
source = "https://example.org/debian.qcow2"
sha256 = "${"AB".repeat(32)}"
architecture = "aarch64"
[images.here]
source = "disks/here.raw"
`;
  await withFile(text, async (path, load) => {
    const { origins: _, file, ...config } = await load();
    assert.deepEqual(file, { path, text });
    assert.deepEqual(config, {
      backend: "other",
      network: "lan",
      storage: "copy",
      defaults: {
        cpus: 4,
        memoryBytes: 1.5 * 1024 ** 3,
        diskBytes: 20 * 1024 ** 3,
        user: "me",
        restart: "always",
        architecture: "aarch64",
        stopTimeoutMs: 90_000,
        waitTimeoutMs: 600_000,
      },
      backends: { other: { accelerator: "tcg" } },
      networks: {
        nat: { provider: "nat", settings: { cidr: "10.0.3.0/24" } },
        none: { provider: "none", settings: {} },
        lan: { provider: "bridge", settings: { interface: "br0" } },
      },
      plugins: {
        other: { kind: "backend", path: path.replace("config.toml", "plugins/other.ts") },
        far: { kind: "storage", path: "/home/me/far.ts" },
      },
      images: {
        "debian:13": {
          source: "https://example.org/debian.qcow2",
          sha256: "ab".repeat(32),
          architecture: "aarch64",
        },
        here: { source: path.replace("config.toml", "disks/here.raw") },
      },
      store: {},
    });
  }, { HOME: "/home/me" });
});

Deno.test("loadConfig() lets flags win over the environment, that over the file", async () => {
  const text = '[defaults]\ncpus = 3\nmemory = "3G"\nuser = "three"\n';
  const env = { COCOON_CPUS: "4", COCOON_MEMORY: "4G", COCOON_USER: "", COCOON_STORAGE: "copy" };
  await withFile(text, async (_path, load) => {
    const config = await load({ overrides: { defaults: { cpus: 5, memoryBytes: undefined } } });
    assert.equal(config.defaults.cpus, 5);
    assert.equal(config.defaults.memoryBytes, 4 * 1024 ** 3);
    assert.equal(config.defaults.user, "three", "an empty variable is not set");
    assert.equal(config.storage, "copy");
    assert.equal(config.network, "nat");
    const origin = (key: string) => config.origins.get(key);
    assert.deepEqual(origin("defaults.cpus"), { kind: "flag" });
    assert.deepEqual(origin("defaults.memory"), {
      kind: "environment",
      variable: "COCOON_MEMORY",
    });
    assert.deepEqual(origin("defaults.user"), { kind: "file" });
    assert.deepEqual(origin("network"), { kind: "default" });
  }, env);
});

Deno.test("loadConfig() tells every mistake of a file at once, each with its place", async () => {
  const text = await Deno.readTextFile(new URL("./goldens/mistakes.toml", import.meta.url));
  await withFile(text, async (path, load) => {
    await assertGolden(import.meta.url, "mistakes.txt", await complaint(path, load()));
    await assert.rejects(load(), { code: "usage" });
  });
});

Deno.test("loadConfig() shows the line of a text that is no TOML", async () => {
  await withFile("[defaults]\nmemory = 2G\n", async (path, load) => {
    assert.equal(
      await complaint(path, load()),
      [
        "config.toml:2:11: not TOML: illegal character in numeric literal",
        "1:  [defaults]",
        "2:  memory = 2G",
        "              ^",
        'hint: Texts, sizes and times stand in quotes, for example memory = "2G".',
        "",
      ].join("\n"),
    );
  });
});

for (
  const [text, hint] of [
    ["[defaults\ncpus = 1\n", "The name of a table stands in brackets: [defaults]"],
    ["a = 1\na = 2\n", "A key and a table may stand once: put both into one."],
    ["a = [1, 2\n", undefined],
    ["[store]\nimage_budget = 20 GB\n", "Texts, sizes and times stand in quotes, for example"],
  ] as const
) {
  Deno.test(`loadConfig() gives the hint that fits ${JSON.stringify(text)}`, async () => {
    await withFile(text, async (path, load) => {
      const [, told] = (await complaint(path, load())).split("hint: ");
      assert.equal(told?.slice(0, hint?.length).trimEnd(), hint);
    });
  });
}

Deno.test("loadConfig() tells a list of tables by its place", async () => {
  const text = '[[networks]]\nx = 1\n[[images.a]]\nsource = "/x"\n[[store]]\n';
  await withFile(text, async (path, load) => {
    assert.equal(
      await complaint(path, load()),
      [
        "config.toml:1:3: networks: expected a table, got a list: write [networks.NAME]",
        "config.toml:3:10: images.a: expected a table, got a list: write [images.a]",
        "config.toml:5:3: store: expected a table, got a list: write [store]",
        "",
      ].join("\n"),
    );
  });
});

Deno.test("loadConfig() finds names of two images, and signatures that nothing can check", async () => {
  const text = `
[images.a]
source = "/x"
aliases = ["q", "a"]
[images.b]
source = "/y"
aliases = ["Q", "a"]
[images.A]
source = "/z"
[images.c]
keys = [{ fingerprint = "${"A".repeat(40)}", source = "/k" }]
[images.c.x86_64]
source = "/x"
signature = "https://x.test/s"
[images.d]
source = "/x"
checksum = "https://x.test/c"
signature = "https://x.test/s"
`;
  await withFile(text, async (path, load) => {
    assert.equal(
      await complaint(path, load()),
      [
        'config.toml:7:12: images.b.aliases.0: "Q" is a name of [images."a"] already',
        'config.toml:7:17: images.b.aliases.1: "a" is a name of [images."a"] already',
        'config.toml:8:9: images.A: "A" is a name of [images."a"] already',
        "config.toml:14:1: images.c.x86_64.signature: needs `checksum`, the file that is signed",
        "config.toml:18:1: images.d.signature: needs `keys` of the image, which may sign",
        "",
      ].join("\n"),
    );
  });
});

Deno.test("loadConfig() tells mistakes of the environment by the variable, with the file's", async () => {
  const env = { COCOON_CPUS: "many", COCOON_MEMORY: "2Q", COCOON_RESTART: "sometimes" };
  await withFile("cpu = 1\n", async (path, load) => {
    assert.equal(
      await complaint(path, load()),
      [
        "config.toml:1:1: cpu: unknown key",
        'cocoon: COCOON_CPUS: expected a whole number of CPUs, got "many"',
        'cocoon: COCOON_MEMORY: expected a size such as 512M, 2G or 1.5GiB, got "2Q"',
        'cocoon: COCOON_RESTART: expected one of "no", "on-failure", "always", got "sometimes"',
        "",
      ].join("\n"),
    );
  }, env);
});

Deno.test("loadConfig() is not misled by keys that are properties of every object", async () => {
  await withFile(
    "constructor = 1\n__proto__ = 2\n[defaults]\ntoString = 3\n",
    async (path, load) => {
      assert.equal(
        await complaint(path, load()),
        [
          "config.toml:1:1: constructor: unknown key",
          "config.toml:2:1: __proto__: unknown key",
          "config.toml:4:1: defaults.toString: unknown key",
          "",
        ].join("\n"),
      );
    },
  );
});

Deno.test("loadConfig() fails when a file that was named is missing", async () => {
  await withFile(undefined, async (path, load) => {
    const gone = path.replace("config.toml", "gone.toml");
    await assert.rejects(load({ file: gone }), {
      code: "not-found",
      message: `${gone}: no such file (named by --config)`,
    });
  });
  await withFile("", async (_path, load) => {
    await assert.rejects(load(), {
      code: "not-found",
      message: "/nowhere/x.toml: no such file (named by COCOON_CONFIG)",
    });
  }, { COCOON_CONFIG: "/nowhere/x.toml" });
});

Deno.test("loadConfig() says why a file cannot be read", async () => {
  await withFile(undefined, async (path, load) => {
    await Deno.mkdir(path);
    await assert.rejects(load(), { code: "host-lacks", message: /config\.toml: cannot be read: / });
  });
});

Deno.test("locateFile() prefers --config to COCOON_CONFIG to the home", () => {
  const host = { env: (name: string) => name === "COCOON_CONFIG" ? "/env.toml" : undefined };
  const nothing = { env: () => undefined };
  assert.deepEqual(locateFile({ host, homePath: "/home", file: "/flag.toml" }), {
    path: "/flag.toml",
    namedBy: "--config",
  });
  assert.deepEqual(locateFile({ host, homePath: "/home" }), {
    path: "/env.toml",
    namedBy: "COCOON_CONFIG",
  });
  assert.deepEqual(locateFile({ host: nothing, homePath: "/home" }), {
    path: "/home/config.toml",
    namedBy: "default",
  });
});

const settingsSchema = defineSettings({
  accelerator: { type: "enum", values: ["auto", "tcg"], default: "auto", description: "x" },
  ports: { type: "integer", minimum: 1, description: "x" },
});
// Of a plugin, the settings are all that is looked at here.
const backend = { name: "qemu", settingsSchema } as unknown as Backend;
const provider = { name: "nat", settingsSchema } as unknown as NetworkProvider;

Deno.test("backendSettings() fills in defaults", async () => {
  await withFile("[backends.qemu]\nports = 3\n", async (_path, load) => {
    assert.deepEqual(await backendSettings(await load(), backend), {
      accelerator: "auto",
      ports: 3,
    });
  });
  await withFile(undefined, async (_path, load) => {
    assert.deepEqual(await backendSettings(await load(), backend), { accelerator: "auto" });
  });
});

Deno.test("backendSettings() tells every mistake with its place and the nearest key", async () => {
  const text = '[backends.qemu]\nports = 0\nacelerator = "tcg"\n';
  await withFile(text, async (path, load) => {
    assert.equal(
      await complaint(path, backendSettings(await load(), backend)),
      [
        "config.toml:2:9: backends.qemu.ports: must be a whole number of at least 1, got 0",
        'config.toml:3:1: backends.qemu.acelerator: unknown key (did you mean "accelerator"?)',
        "",
      ].join("\n"),
    );
  });
});

Deno.test("networkSettings() checks the table of a network by its provider", async () => {
  const text = '[networks.lan]\nprovider = "nat"\naccelerator = "kvm"\n';
  await withFile(text, async (path, load) => {
    const config = await load();
    assert.deepEqual(await networkSettings(config, "nat", provider), { accelerator: "auto" });
    assert.equal(
      await complaint(path, networkSettings(config, "lan", provider)),
      'config.toml:3:15: networks.lan.accelerator: must be one of "auto", "tcg", got "kvm"\n',
    );
  });
});

Deno.test("networkTable() names the networks that there are", async () => {
  await withFile(undefined, async (_path, load) => {
    const config = await load();
    assert.throws(() => networkTable(config, "nta"), {
      code: "usage",
      message: 'unknown network "nta" (did you mean "nat"?)',
      hint: "Choose one of: nat, none; or add [networks.nta] to the configuration.",
    });
    assert.throws(() => networkTable(config, "constructor"), { code: "usage" });
  });
});
