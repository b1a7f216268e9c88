import assert from "node:assert/strict";
import fc from "fast-check";
import { dump } from "js-yaml";
import { run } from "../lib/tools.ts";

const script = (name: string) =>
  decodeURIComponent(new URL(`rootfs/usr/lib/small/${name}`, import.meta.url).pathname);

/** Runs the awk of the guest, which is busybox's, on a text. */
const awk = (name: string, input: string) => run("busybox", ["awk", "-f", script(name)], { input });

/** What flatten.awk says that it prints, made from the value itself. */
function flattened(value: unknown, path = ""): string {
  if (value === null) return "";
  if (typeof value === "object") {
    return Object.entries(value)
      .map(([key, item]) => flattened(item, path === "" ? key : `${path}/${key}`)).join("");
  }
  const text = String(value).replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll(
    "\t",
    "\\t",
  );
  return `${path}\t${text}\n`;
}

/** Text that a cloud-config may have; awk knows no NUL, and busybox's drops a trailing CR. */
const texts = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }).map((s) => s.replaceAll(/[\0\r]/g, "")),
  fc.string({ unit: fc.constantFrom(..."ab :#-'\"\\{}[],&*!|>%@`\n\t~é"), maxLength: 30 }),
);
const keys = fc.string({ unit: fc.constantFrom(..."abc_-1 :'\"#"), minLength: 1, maxLength: 8 })
  // A map of objects lists keys like "1" first, whatever the text says.
  .map((key) => `k${key}`);
const { value: documents } = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    fc.oneof(texts, fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(keys, tie("value"), { maxKeys: 4 }),
  ),
}));
const configs = fc.dictionary(keys, documents, { minKeys: 1, maxKeys: 5 });

const RUNS = { numRuns: 150 };

Deno.test("flatten.awk reads every JSON document", () =>
  fc.assert(
    fc.asyncProperty(configs, fc.constantFrom(undefined, 2), async (config, indent) => {
      const text = `#cloud-config\n${JSON.stringify(config, null, indent)}\n`;
      assert.equal(await awk("flatten.awk", text), flattened(config));
    }),
    RUNS,
  ));

Deno.test("flatten.awk reads YAML as js-yaml writes it", () =>
  fc.assert(
    fc.asyncProperty(configs, async (config) => {
      const text = `#cloud-config\n${dump(config)}`;
      assert.equal(await awk("flatten.awk", text), flattened(config));
    }),
    RUNS,
  ));

Deno.test("flatten.awk reads what people write by hand", async () => {
  const text = `#cloud-config
hostname: web   # the name
users:
- default
- name: cocoon
  ssh_authorized_keys:
    - ssh-ed25519 AAAA me@here

ssh_keys:
    ed25519_private: |
        -----BEGIN
          abc==
        -----END
    ed25519_public: 'it''s'
runcmd:
  - [sh, -c, "echo a, b # c"]
  - - one
    - two words
  - {}
  - >
    folded
    text

    more
list: [1, {a: b},
  "x"]
nothing: ~
escapes: "\\ud83d\\ude00 \\u00e9 \\/ \\x41 \\U0001F600"
`;
  assert.deepEqual((await awk("flatten.awk", text)).split("\n"), [
    "hostname\tweb",
    "users/0\tdefault",
    "users/1/name\tcocoon",
    "users/1/ssh_authorized_keys/0\tssh-ed25519 AAAA me@here",
    "ssh_keys/ed25519_private\t-----BEGIN\\n  abc==\\n-----END\\n",
    "ssh_keys/ed25519_public\tit's",
    "runcmd/0/0\tsh",
    "runcmd/0/1\t-c",
    "runcmd/0/2\techo a, b # c",
    "runcmd/1/0\tone",
    "runcmd/1/1\ttwo words",
    "runcmd/3\tfolded text\\nmore\\n",
    "list/0\t1",
    "list/1/a\tb",
    "list/2\tx",
    "escapes\t😀 é / A 😀",
    "",
  ]);
});

Deno.test("runcmd.awk makes a script that a shell runs word for word", async () => {
  const commands = ["echo $((1 + 1))", ["printf", "<%s>", "it's", "a  b", "$HOME", "x\ny", "\\n"]];
  const flat = await awk("flatten.awk", JSON.stringify({ runcmd: commands, other: "x" }));
  const said = await run("sh", ["-s"], { input: await awk("runcmd.awk", flat) });
  assert.equal(said, "2\n<it's><a  b><$HOME><x\ny><\\n>");
});

Deno.test("network.awk makes a line of each interface", async () => {
  const config = {
    network: {
      version: 2,
      ethernets: {
        nic0: { match: { macaddress: "52:54:00:AA:00:01" }, dhcp4: true },
        eth1: {
          addresses: ["10.1.0.5/24", "fd00::5/64"],
          gateway4: "10.1.0.1",
          routes: [{ to: "10.9.0.0/16", via: "10.1.0.9" }, { to: "::/0", via: "fd00::1" }],
          nameservers: { addresses: ["10.1.0.1", "9.9.9.9"] },
        },
      },
    },
  };
  const lines = [
    "52:54:00:aa:00:01 nic0 - true - - -",
    "- eth1 - - 10.1.0.5/24 default=10.1.0.1,10.9.0.0/16=10.1.0.9 10.1.0.1,9.9.9.9",
    "",
  ];
  for (const text of [dump(config), JSON.stringify(config), dump(config.network)]) {
    const flat = await awk("flatten.awk", text);
    assert.deepEqual((await awk("network.awk", flat)).split("\n"), lines);
  }
});
