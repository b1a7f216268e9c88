import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { parseCopy, parseCopyPath } from "./copy_path.ts";

Deno.test("parseCopyPath() sees a machine only before a colon without a slash", () => {
  const machine = (name: string, path: string) => ({ kind: "machine", machine: name, path });
  const local = (path: string) => ({ kind: "local", path });
  assert.deepEqual(parseCopyPath("web:/etc/hosts"), machine("web", "/etc/hosts"));
  assert.deepEqual(parseCopyPath("web:a:b"), machine("web", "a:b"));
  assert.deepEqual(parseCopyPath("web:"), machine("web", "."));
  assert.deepEqual(parseCopyPath("./a:b"), local("./a:b"));
  assert.deepEqual(parseCopyPath("/tmp/a:b"), local("/tmp/a:b"));
  assert.deepEqual(parseCopyPath("file"), local("file"));
  assert.deepEqual(parseCopyPath("-"), local("-"));
  assert.throws(() => parseCopyPath(":x"), CocoonError);
  assert.throws(() => parseCopyPath(""), CocoonError);
});

Deno.test("parseCopy() gives the direction when one side is a machine's", () => {
  assert.deepEqual(parseCopy("a", "web:/tmp/"), {
    direction: "to-machine",
    machine: "web",
    localPath: "a",
    remotePath: "/tmp/",
  });
  assert.deepEqual(parseCopy("web:/etc/hosts", "."), {
    direction: "from-machine",
    machine: "web",
    localPath: ".",
    remotePath: "/etc/hosts",
  });
});

Deno.test("parseCopy() says what to do when no or both sides are a machine's", () => {
  const hint = (source: string, target: string) => {
    try {
      parseCopy(source, target);
    } catch (error) {
      assert(error instanceof CocoonError);
      assert.equal(error.code, "usage");
      return error.hint;
    }
  };
  assert.match(hint("a", "b") ?? "", /NAME:PATH/);
  assert.match(hint("web:/a", "db:/b") ?? "", /cocoon vm cp -r web:\/a/);
});
