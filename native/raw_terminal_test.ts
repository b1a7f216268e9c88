import assert from "node:assert/strict";
import { closeFile, openFile } from "./libc.ts";
import { makeRaw } from "./raw_terminal.ts";

Deno.test("makeRaw() says when a descriptor is no terminal", () => {
  const fd = openFile("/", "read");
  try {
    assert.throws(() => makeRaw(fd), { name: "SystemError", code: "ENOTTY" });
  } finally {
    closeFile(fd);
  }
});
