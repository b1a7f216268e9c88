import assert from "node:assert/strict";
import { nextLines } from "./demo.ts";

Deno.test("nextLines() can be pasted where nothing but npx is", () => {
  for (const keep of [true, false]) {
    const lines = nextLines(keep);
    assert.equal(lines.length, 4);
    for (const line of lines) {
      assert.match(line, /^\S.* {2}npx -y deno@\d+\.\d+\.\d+ task (cocoon|demo) \S/);
      assert.ok(line.includes(`deno@${Deno.version.deno} `), line);
    }
  }
});
