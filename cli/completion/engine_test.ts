import assert from "node:assert/strict";
import { fakeOutside, runFake } from "../../tests/support/fake_outside.ts";
import { root } from "../routes.ts";
import { propose } from "./engine.ts";

/** The proposed words for a line; the last word is the one under the cursor. */
async function words(...line: string[]): Promise<string[]> {
  const outside = fakeOutside({ env: { HOME: "/nowhere" } });
  return (await propose(line, outside, root)).map(({ word }) => word);
}

Deno.test("propose() gives commands and nouns, but nothing hidden", async () => {
  const all = await words("");
  assert.ok(all.includes("vm") && all.includes("run") && all.includes("version"));
  assert.ok(!all.includes("supervise") && !all.includes("complete"));
  assert.deepEqual(await words("ver"), ["version"]);
  assert.deepEqual(await words("image", "in"), ["inspect"]);
  assert.deepEqual(await words("--home", "x", "ver"), ["version"]);
  assert.deepEqual(await words("help", "image", "in"), ["inspect"]);
});

Deno.test("propose() gives flags only when a word begins with -", async () => {
  assert.deepEqual(await words("version", ""), []);
  assert.deepEqual(await words("version", "--o"), ["--output"]);
  assert.deepEqual(await words("version", "--h"), ["--home", "--help"]);
  assert.deepEqual(await words("--deb"), ["--debug"]);
});

Deno.test("propose() gives the values of a flag, in both forms", async () => {
  assert.deepEqual(await words("version", "--output", ""), ["table", "json"]);
  assert.deepEqual(await words("version", "-o", "j"), ["json"]);
  assert.deepEqual(await words("version", "--output=j"), ["--output=json"]);
});

Deno.test("propose() gives the names of images that can be got, before there is any", async () => {
  assert.deepEqual(await words("image", "pull", "debian:"), ["debian:13", "debian:12"]);
  assert.deepEqual(await words("run", "alp"), ["alpine:3.22"]);
  assert.deepEqual(await words("image", "rm", "debian:").catch(() => []), []);
});

Deno.test("propose() gives what flags of a new machine can name, here", async () => {
  assert.deepEqual(await words("vm", "create", "--backend", ""), ["qemu"]);
  assert.deepEqual(await words("run", "--storage", ""), ["auto", "reflink", "qcow2", "copy"]);
  assert.ok((await words("vm", "create", "--network", "n")).includes("nat"));
  assert.deepEqual(await words("vm", "create", "--backend=q"), ["--backend=qemu"]);
});

Deno.test("propose() gives nothing for what it does not know", async () => {
  assert.deepEqual(await words("nothing", ""), []);
  assert.deepEqual(await words("vm", "ssh", "web", "--", ""), []);
  assert.deepEqual(await words("version", "--nothing", ""), []);
});

Deno.test("complete prints words with their briefs, changes nothing, and never complains", async () => {
  const path = await Deno.makeTempDir();
  try {
    const env = { COCOON_HOME: `${path}/home` };
    assert.deepEqual(await runFake(["complete", "image", "ins"], { env }), {
      code: 0,
      stdout: "inspect\tShow all that is known of an image\n",
      stderr: "",
    });
    for (const line of [["image", "rm", ""], ["vm", "stop", ""], ["--x=", ""], ["nothing", ""]]) {
      const result = await runFake(["complete", ...line], { env });
      assert.deepEqual(result, { code: 0, stdout: "", stderr: "" }, line.join(" "));
    }
    assert.deepEqual([...Deno.readDirSync(path)], [], "no home is made");
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});
