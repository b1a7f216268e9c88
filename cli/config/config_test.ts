import assert from "node:assert/strict";
import { assertGolden } from "../../tests/support/golden.ts";
import { type FakeOptions, type FakeResult, runFake } from "../../tests/support/fake_outside.ts";

const GOOD = `backend = "qemu"
[defaults]
memory = "1500M"
[backends.qemu]
accelerator = "tcg"
[networks.lab]
provider = "nat"
subnet = "10.99.0.0/24"
[images."debian:13"]
source = "disks/debian.qcow2"
`;

const BAD = `backend = "qmeu"
network = "lan"
[backends.qemu]
acelerator = "tcg"
[backends.xen]
x = 1
[networks.lab]
provider = "natt"
[networks.nat]
subnet = 4
[plugins.mine]
kind = "storage"
path = "gone.ts"
`;

/** Runs `cocoon config ...` with a file; the home's path is HOME in the result. */
async function runConfig(
  text: string | undefined,
  argv: string[],
  options: FakeOptions = {},
): Promise<FakeResult> {
  const home = await Deno.makeTempDir();
  try {
    if (text !== undefined) await Deno.writeTextFile(`${home}/config.toml`, text);
    const result = await runFake(["config", ...argv], {
      ...options,
      env: { COCOON_HOME: home, ...options.env },
    });
    assert.deepEqual(
      [...Deno.readDirSync(home)].map(({ name }) => name),
      text === undefined ? [] : ["config.toml"],
      "nothing is made to show a configuration",
    );
    const place = (output: string) => output.replaceAll(home, "HOME");
    return { ...result, stdout: place(result.stdout), stderr: place(result.stderr) };
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

Deno.test("cocoon config show prints every value with its origin", async () => {
  const env = { COCOON_CPUS: "4" };
  const { code, stdout, stderr } = await runConfig(GOOD, ["show"], { env });
  assert.deepEqual([code, stderr], [0, ""]);
  // The home's path is as long as it likes, and so are the columns.
  await assertGolden(import.meta.url, "show.txt", stdout.replace(/ {2,}/g, "  "));
});

Deno.test("cocoon config show --output json prints one list of values and origins", async () => {
  const env = { COCOON_CPUS: "4" };
  const { code, stdout, stderr } = await runConfig(GOOD, ["show", "-o", "json"], { env });
  assert.deepEqual([code, stderr], [0, ""]);
  await assertGolden(import.meta.url, "show.json", stdout);
});

Deno.test("cocoon config show works without a file", async () => {
  const { code, stdout } = await runConfig(undefined, ["show", "-o", "json"]);
  assert.equal(code, 0);
  const values: { key: string; origin: { kind: string } }[] = JSON.parse(stdout);
  assert.ok(values.every(({ origin }) => origin.kind === "default"));
});

Deno.test("cocoon config check is content with a file that is right, and with none", async () => {
  assert.deepEqual(await runConfig(GOOD, ["check"]), {
    code: 0,
    stdout: "file      HOME/config.toml\nmistakes  0\n",
    stderr: "",
  });
  const { stdout } = await runConfig(undefined, ["check", "-o", "json"]);
  assert.deepEqual(JSON.parse(stdout), { file: null, mistakes: [] });
});

Deno.test("cocoon config check --output json gives the mistakes as data, with their places", async () => {
  const text = "[defaults]\ncpu = 2\nmemory = 7\n";
  const { code, stdout } = await runConfig(text, ["check", "--output", "json"]);
  assert.equal(code, 2);
  const { mistakes } = JSON.parse(stdout);
  assert.deepEqual(
    mistakes.map(({ line, column }: { line: number; column: number }) => [line, column]),
    [[2, 1], [3, 10]],
  );
});

Deno.test("cocoon config check tells every mistake about plugins, with its place", async () => {
  const { code, stdout, stderr } = await runConfig(BAD, ["check"]);
  assert.deepEqual([code, stdout], [2, ""]);
  await assertGolden(import.meta.url, "check.txt", stderr);
});

Deno.test("cocoon config check finds a file that is wrong by itself", async () => {
  const { code, stderr } = await runConfig("cpus = 1\n", ["check"]);
  assert.equal(code, 2);
  assert.equal(
    stderr,
    "HOME/config.toml:1:1: cpus: unknown key here; it belongs into [defaults]\n",
  );
});

Deno.test("cocoon config check gives every mistake of one table its own place", async () => {
  const text = "[backends.qemu]\nxx = 1\nyy = 2\n[networks.nat]\nxx = 1\nyy = 2\n";
  const { stderr } = await runConfig(text, ["check"]);
  assert.equal(
    stderr,
    "HOME/config.toml:2:1: backends.qemu.xx: unknown key\n" +
      "HOME/config.toml:3:1: backends.qemu.yy: unknown key\n" +
      "HOME/config.toml:5:1: networks.nat.xx: unknown key\n" +
      "HOME/config.toml:6:1: networks.nat.yy: unknown key\n",
  );
});

Deno.test("cocoon config check names the variable that is wrong, not the file", async () => {
  const text = 'backend = "qemu"\n[backends.qemu]\nsandbox = true\n';
  const env = { COCOON_BACKEND: "foo", COCOON_QEMU_ACCELERATOR: "=foo" };
  const { code, stderr } = await runConfig(text, ["check"], { env });
  assert.equal(code, 2);
  assert.equal(
    stderr,
    'cocoon: COCOON_BACKEND: unknown backend "foo"\n' +
      'cocoon: COCOON_QEMU_ACCELERATOR: must be one of "auto", "kvm", "hvf", "tcg", got "=foo"\n' +
      "hint: Choose one of: qemu, vfkit, krunkit; or add your own as [plugins.foo].\n",
  );
});

Deno.test("cocoon config show tells what the environment gives a backend", async () => {
  const env = { COCOON_QEMU_ACCELERATOR: "tcg" };
  const text = '[backends.qemu]\naccelerator = "kvm"\nsandbox = false\n';
  const { stdout } = await runConfig(text, ["show"], { env });
  const lines = stdout.split("\n").map((line) => line.replace(/ {2,}/g, " "));
  assert.ok(lines.includes('backends.qemu.accelerator "tcg" COCOON_QEMU_ACCELERATOR'), stdout);
  assert.ok(lines.includes("backends.qemu.sandbox false HOME/config.toml:3"), stdout);
});

Deno.test("cocoon config path prints the path alone", async () => {
  assert.deepEqual(await runConfig(undefined, ["path"]), {
    code: 0,
    stdout: "HOME/config.toml\n",
    stderr: "",
  });
  const { stdout } = await runConfig(GOOD, ["path", "-o", "json"]);
  assert.deepEqual(JSON.parse(stdout), {
    path: "HOME/config.toml",
    namedBy: "default",
    exists: true,
  });
  const flag = await runConfig(undefined, ["path", "--config", "/x/y.toml", "-o", "json"]);
  assert.deepEqual(JSON.parse(flag.stdout), {
    path: "/x/y.toml",
    namedBy: "--config",
    exists: false,
  });
});

Deno.test("cocoon config schema describes every key, those of plugins too", async () => {
  const { code, stdout, stderr } = await runConfig(GOOD, ["schema"]);
  assert.deepEqual([code, stderr], [0, ""]);
  const { $schema, properties, additionalProperties } = JSON.parse(stdout);
  assert.match($schema, /draft-07/);
  assert.equal(additionalProperties, false);
  assert.deepEqual(Object.keys(properties.defaults.properties).sort(), [
    "architecture",
    "cpus",
    "disk",
    "memory",
    "restart",
    "stop_timeout",
    "user",
    "wait_timeout",
  ]);
  assert.equal(properties.defaults.properties.memory.type, "string", "what the file has: a text");
  assert.ok(properties.backends.properties.qemu.properties.accelerator.enum.includes("tcg"));
  assert.equal(properties.backends.additionalProperties, false);
  const networks: { properties: Record<string, unknown> }[] =
    properties.networks.additionalProperties.anyOf;
  const keysOf = (provider: string) =>
    networks.filter(({ properties }) =>
      JSON.stringify(properties["provider"]) === JSON.stringify({ const: provider })
    ).map(({ properties }) => Object.keys(properties));
  assert.ok(keysOf("nat")[0]?.includes("subnet"));
  assert.deepEqual(keysOf("none"), [["provider"]]);
  assert.deepEqual(properties.plugins.additionalProperties.required, ["kind", "path"]);
});
