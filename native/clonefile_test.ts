import assert from "node:assert/strict";
import { cloneFile, hasClonefile } from "./clonefile.ts";
import { DARWIN_ERRNO, standInCloneLibrary } from "./testing/clone_library.ts";

Deno.test("cloneFile() hands over both paths and flags that keep links and owners out", () => {
  using library = standInCloneLibrary(() => 0);
  cloneFile("/images/ä b", "/machines/é", library);
  assert.deepEqual(library.calls, [{ source: "/images/ä b", target: "/machines/é", flags: 3 }]);
});

Deno.test("cloneFile() throws with the name and the text of macOS's number", () => {
  const failures = [
    [DARWIN_ERRNO.ENOTSUP, "ENOTSUP", /operation not supported/],
    [DARWIN_ERRNO.EXDEV, "EXDEV", /different file systems/],
    [DARWIN_ERRNO.EEXIST, "EEXIST", /file exists/],
    [DARWIN_ERRNO.ENOSPC, "ENOSPC", /no space left/],
  ] as const;
  for (const [number, code, message] of failures) {
    using library = standInCloneLibrary(() => number);
    assert.throws(() => cloneFile("/a", "/b", library), {
      name: "SystemError",
      errno: number,
      code,
      message,
    });
  }
});

Deno.test("cloneFile() makes a call again that a signal interrupted", () => {
  let tries = 0;
  using library = standInCloneLibrary(() => ++tries < 3 ? DARWIN_ERRNO.EINTR : 0);
  cloneFile("/a", "/b", library);
  assert.equal(library.calls.length, 3);
});

Deno.test("cloneFile() refuses a path with a zero byte instead of cloning another file", () => {
  using library = standInCloneLibrary(() => 0);
  assert.throws(() => cloneFile("/a\0b", "/c", library), TypeError);
  assert.deepEqual(library.calls, []);
});

Deno.test("hasClonefile() asks the library, whichever system this is", () => {
  assert.equal(hasClonefile(), Deno.build.os === "darwin");
  if (!hasClonefile()) assert.throws(() => cloneFile("/a", "/b"), /macOS's own/);
});
