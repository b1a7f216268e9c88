import assert from "node:assert/strict";
import { CocoonError } from "../../../errors/error.ts";
import {
  FULL_GUEST_PACKAGES,
  GUEST_TEST_PACKAGES,
  SMALL_GUEST_PACKAGES,
  TOOL_PACKAGES,
} from "../packages.ts";
import { run } from "./tools.ts";

Deno.test("run() gives the standard output and takes the input", async () => {
  assert.equal(await run("cat", [], { input: "text\n" }), "text\n");
});

Deno.test("run() says what a tool said when it failed", async () => {
  const failing = run("sh", ["-c", "echo out; echo why >&2; exit 3"], { input: "unread" });
  await assert.rejects(failing, (error) => {
    assert.ok(error instanceof CocoonError);
    assert.equal(error.message, "sh failed with status 3: why");
    return true;
  });
});

Deno.test("run() names the package of a tool that is missing", async () => {
  const path = Deno.env.get("PATH") ?? "";
  const empty = await Deno.makeTempDir();
  try {
    Deno.env.set("PATH", empty);
    // In no folder of administration, which run() searches by itself.
    await assert.rejects(run("genisoimage", []), (error) => {
      assert.ok(error instanceof CocoonError);
      assert.equal(error.code, "host-lacks");
      assert.match(error.message, /"genisoimage" is not installed/);
      assert.match(error.hint ?? "", /apt-get install -y genisoimage/);
      return true;
    });
  } finally {
    Deno.env.set("PATH", path);
    await Deno.remove(empty);
  }
});

Deno.test("TOOL_PACKAGES names only packages that are installed for the guests", () => {
  // Debian marks these as essential: they are on every system.
  const always = ["apt", "coreutils", "dpkg", "findutils", "tar", "util-linux"];
  const known = new Set([
    ...[...always, ...SMALL_GUEST_PACKAGES],
    ...[...FULL_GUEST_PACKAGES, ...GUEST_TEST_PACKAGES],
  ]);
  assert.deepEqual(Object.values(TOOL_PACKAGES).filter((name) => !known.has(name)), []);
});
