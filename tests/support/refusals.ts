import assert from "node:assert/strict";
import { type CocoonOptions, type CocoonResult, runCocoon } from "./cocoon.ts";
import { remains } from "./machines.ts";
import type { TempHome } from "./temp_home.ts";

/** A command line that must fail, and how. */
export interface Refusal {
  args: string[];
  code: number;
  /** All of standard error, or a pattern where it holds what no test can know. */
  stderr: string | RegExp;
  options?: CocoonOptions;
}

/**
 * Runs a command that must be refused: with this exit status and message, nothing on standard
 * output, and with no file, folder or machine made or changed by it.
 */
export async function assertRefused(home: TempHome, refusal: Refusal): Promise<void> {
  const before = remains(home);
  const { code, stdout, stderr }: CocoonResult = await runCocoon(
    home,
    refusal.args,
    refusal.options,
  );
  const what = `cocoon ${refusal.args.join(" ")}`;
  if (typeof refusal.stderr === "string") assert.equal(stderr, refusal.stderr, what);
  else assert.match(stderr, refusal.stderr, what);
  assert.equal(code, refusal.code, what);
  assert.equal(stdout, "", what);
  assert.deepEqual(remains(home), before, what);
  assert.deepEqual(home.processes(), [], what);
}
