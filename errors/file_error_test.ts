import assert from "node:assert/strict";
import { unreadable } from "./file_error.ts";

/** The failure of reading a path. */
async function failureOf(read: () => Promise<unknown>): Promise<unknown> {
  return await read().then(() => assert.fail("it was read"), (error: unknown) => error);
}

Deno.test("unreadable() says what is wrong with a file, and what kind of failure that is", async () => {
  const missing = unreadable("--x /n", await failureOf(() => Deno.readFile("/nonexistent/n")));
  assert.deepEqual([missing.code, missing.message], ["not-found", "--x /n: no such file"]);
  const below = unreadable("--x", await failureOf(() => Deno.readFile("/dev/null/n")));
  assert.equal(below.code, "not-found");
  for (
    const read of [
      () => Deno.readTextFile("/tmp"),
      async () => {
        using file = await Deno.open("/tmp");
        return await new Response(file.readable).text();
      },
    ]
  ) {
    const folder = unreadable("--x", await failureOf(read));
    assert.deepEqual([folder.code, folder.message], ["usage", "--x: it is a folder"]);
  }
  const denied = unreadable("--x", new Deno.errors.PermissionDenied("os error 13"));
  assert.equal(denied.code, "host-lacks");
  assert.equal(unreadable("--x", new Error("odd")).message, "--x: odd");
});
