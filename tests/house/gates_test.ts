import assert from "node:assert/strict";
import { REPOSITORY } from "../../tools/main.ts";

/** Runs a subcommand of Deno over the repository; fails with its output. */
async function gate(...args: string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args,
    cwd: REPOSITORY,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, `deno ${args.join(" ")}\n${output}`);
}

Deno.test("the repository is formatted", () => gate("fmt", "--check"));

Deno.test("the repository has no lint", () => gate("lint"));

// The lock is frozen (deno.json), so this also finds a dependency that is not in it.
Deno.test("the repository has no type error", () => gate("check", "--quiet", "."));
