import assert from "node:assert/strict";
import { parseRequest } from "./build.ts";

Deno.test("parseRequest() understands guest, directory and architecture", () => {
  assert.deepEqual(parseRequest(["small", "out"]), { guest: "small", dir: "out", arch: "x86_64" });
  assert.deepEqual(parseRequest(["small", "--arch", "aarch64", "out"]), {
    guest: "small",
    dir: "out",
    arch: "aarch64",
  });
  const { arch } = Deno.build;
  assert.deepEqual(parseRequest(["full", "out", `--arch=${arch}`]), {
    guest: "full",
    dir: "out",
    arch,
  });
});

Deno.test("parseRequest() refuses what makes no request, with the usage", () => {
  const other = Deno.build.arch === "x86_64" ? "aarch64" : "x86_64";
  for (
    const args of [
      [],
      ["tiny", "out"],
      ["small"],
      ["small", "a", "b"],
      ["small", "a", "--fast"],
      ["small", "a", "--arch"],
      ["small", "a", "--arch=arm64"],
      ["full", "a", `--arch=${other}`],
    ]
  ) {
    assert.throws(() => parseRequest(args), { code: "usage", hint: /^usage: deno task guest/ });
  }
});
