import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { realHost } from "../host/host.ts";
import { composeUserData, readUserData, type UserData } from "./user_data.ts";
import type { YamlMap } from "./yaml_write.ts";

const OURS: YamlMap = {
  hostname: "web",
  users: [{ name: "cocoon", ssh_authorized_keys: ["ours"] }],
  ssh_keys: { ed25519_private: "private\n" },
};
const host = realHost();
const python = host.which("python3");

function data(text: string | Uint8Array, file = "dir/my file.sh"): UserData {
  return { file, bytes: typeof text === "string" ? new TextEncoder().encode(text) : text };
}

async function refusal(promise: Promise<unknown>): Promise<CocoonError> {
  try {
    await promise;
  } catch (error) {
    assert(error instanceof CocoonError, String(error));
    return error;
  }
  assert.fail("accepted");
}

/** The parts as Python's mail parser, which cloud-init uses, sees them. */
async function mailParts(message: string): Promise<[type: string, body: string][]> {
  const code = `
import email, json, sys
m = email.message_from_string(sys.stdin.read())
print(json.dumps([[p.get_content_type(), p.get_payload(decode=True).decode("utf-8")]
  for p in m.walk() if p.get_content_maintype() != "multipart"]))`;
  const result = await host.run([python ?? "", "-c", code], { stdin: message });
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}

Deno.test("composeUserData() is one cloud-config when the user has none or an empty one", async () => {
  const alone = await composeUserData(OURS);
  assert.equal(alone, `#cloud-config\n${JSON.stringify(OURS)}\n`);
  assert.equal(await composeUserData(OURS, data("\n")), alone);
});

Deno.test("composeUserData() is one merged cloud-config when the user's is one", async () => {
  const text = await composeUserData(
    OURS,
    data("\ufeff#cloud-config\npackages: [nginx]\nhostname: a\n"),
  );
  const [header, body = "", ...rest] = text.split("\n");
  assert.equal(header, "#cloud-config");
  assert.deepEqual(rest, [""]);
  assert.deepEqual(JSON.parse(body), {
    packages: ["nginx"],
    hostname: "a",
    users: OURS.users,
    ssh_keys: OURS.ssh_keys,
  });
});

Deno.test({
  name: "composeUserData() is an archive of both when the user's is no cloud-config",
  ignore: python === undefined,
  async fn() {
    const long = "# äöü €\n".repeat(400);
    const cases: [string, string][] = [
      ["#!/bin/sh\necho hällo\n", "text/x-shellscript"],
      [`#!/bin/sh\n${long}`, "text/x-shellscript"],
      ["#include\nhttp://127.0.0.1/x\n", "text/x-include-url"],
      ["#include-once\nhttp://127.0.0.1/x\n", "text/x-include-once-url"],
      ["## template: jinja\n#cloud-config\nruncmd: []\n", "text/jinja2"],
      ["#cloud-config-archive\n- content: x\n", "text/cloud-config-archive"],
      ["#cloud-boothook\necho\n", "text/cloud-boothook"],
      ["#part-handler\n", "text/part-handler"],
    ];
    for (const [text, type] of cases) {
      const message = await composeUserData(OURS, data(text));
      assert.match(message.slice(0, 200), /^MIME-Version: 1\.0$/m);
      const [theirs, ours, ...rest] = await mailParts(message);
      assert.deepEqual(theirs, [type, text]);
      assert.deepEqual(rest, []);
      assert.equal(ours?.[0], "text/cloud-config");
      const [header, body = ""] = ours?.[1].split("\n") ?? [];
      assert.equal(header, "#cloud-config");
      const { merge_how: how, ...config } = JSON.parse(body);
      assert.match(how, /list\(append\)/);
      assert.deepEqual(config, OURS);
    }
  },
});

Deno.test({
  name: "composeUserData() keeps an archive's parts when the user's is one",
  ignore: python === undefined,
  async fn() {
    const inner = await composeUserData(OURS, data("#!/bin/sh\ninner\n"));
    const parts = await mailParts(await composeUserData(OURS, data(inner)));
    assert.deepEqual(parts.map(([type]) => type), [
      "text/x-shellscript",
      "text/cloud-config",
      "text/cloud-config",
    ]);
    assert.equal(parts[0]?.[1], "#!/bin/sh\ninner\n");
  },
});

Deno.test("composeUserData() gives file, line and column when the user's YAML is wrong", async () => {
  const bad = data("#cloud-config\npackages:\n  - a\n b: c\n", "my.yaml");
  const error = await refusal(composeUserData(OURS, bad));
  assert.equal(error.code, "usage");
  assert.equal(error.position?.file, "my.yaml");
  assert.equal(error.position?.line, 4);
  const list = await refusal(composeUserData(OURS, data("#cloud-config\n- a\n", "my.yaml")));
  assert.match(list.message, /^my\.yaml: its YAML is not a mapping/);
});

Deno.test("composeUserData() refuses a file when cloud-init would ignore it", async () => {
  const unknown = await refusal(composeUserData(OURS, data("packages: [nginx]\n", "my.yaml")));
  assert.deepEqual(unknown.position, { file: "my.yaml", line: 1, column: 1 });
  assert.match(unknown.hint ?? "", /#cloud-config/);
  const binary = await refusal(composeUserData(OURS, data(Uint8Array.of(0xff, 0xfe, 0))));
  assert.match(binary.message, /not UTF-8/);
});

Deno.test("readUserData() reads plain and gzip files, and names the file when it cannot", async () => {
  const directory = await Deno.makeTempDir({ prefix: "cocoon-user-data-" });
  try {
    const text = new TextEncoder().encode("#!/bin/sh\n");
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"));
    const packed = new Uint8Array(await new Response(stream).arrayBuffer());
    await Deno.writeFile(`${directory}/plain`, text);
    await Deno.writeFile(`${directory}/packed`, packed);
    await Deno.writeFile(`${directory}/torn`, packed.subarray(0, packed.length - 9));
    assert.deepEqual((await readUserData(`${directory}/plain`)).bytes, text);
    assert.deepEqual((await readUserData(`${directory}/packed`)).bytes, text);

    const torn = await refusal(readUserData(`${directory}/torn`));
    assert.equal(torn.message, `${directory}/torn: damaged gzip data`);
    const missing = await refusal(readUserData(`${directory}/missing`));
    assert.equal(missing.code, "not-found");
    assert.equal(missing.message, `user data ${directory}/missing: no such file`);
    const folder = await refusal(readUserData(directory));
    assert.equal(folder.code, "usage");

    const large = await Deno.create(`${directory}/large`);
    await large.truncate(17 * 1024 * 1024);
    large.close();
    assert.match((await refusal(readUserData(`${directory}/large`))).message, /larger than 16 MiB/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
