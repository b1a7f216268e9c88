import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { fakeOutside } from "../tests/support/fake_outside.ts";
import { type Batch, runBatch } from "./batch.ts";
import type { Context } from "./context.ts";
import type { OutputFormat } from "./output.ts";
import { formatError } from "./report.ts";

/** `a` and `alias-of-a` are the same thing; `x...` do not exist. */
const resolve = (reference: string) => {
  if (reference.startsWith("x")) {
    throw new CocoonError("not-found", `machine "${reference}": not found`);
  }
  return reference.replace("alias-of-", "");
};

interface Outcome {
  done: string[];
  stdout: string;
  error: string | undefined;
  code: string | undefined;
}

async function runOn(
  references: string[],
  format: OutputFormat,
  options: Partial<Batch<string>> & { signal?: AbortSignal } = {},
): Promise<Outcome> {
  const { signal, ...rest } = options;
  const outside = fakeOutside(signal === undefined ? {} : { signal });
  const done: string[] = [];
  const run = (thing: string) => {
    done.push(thing);
    if (thing.startsWith("bad")) throw new CocoonError("conflict", `machine "${thing}": is busy`);
    return Promise.resolve();
  };
  const error: unknown = await runBatch(
    // A batch uses nothing of what a session adds.
    outside as unknown as Context,
    format,
    { references, resolve, id: (t) => t, name: (t) => t, run, ...rest },
  ).then(() => undefined, (error) => error);
  const text = error === undefined ? undefined : formatError(error, { debug: false, color: false });
  const code = error instanceof CocoonError ? error.code : undefined;
  return { done, stdout: outside.written.stdout, error: text, code };
}

Deno.test("runBatch() works on each thing once, and prints its name", async () => {
  assert.deepEqual(await runOn(["a", "b", "a", "alias-of-a"], "table"), {
    done: ["a", "b"],
    stdout: "a\nb\n",
    error: undefined,
    code: undefined,
  });
});

Deno.test("runBatch() does nothing when a reference is wrong, and names all that are", async () => {
  for (const format of ["table", "json"] as const) {
    assert.deepEqual(await runOn(["a", "x1", "b", "x2", "x1"], format), {
      done: [],
      stdout: "",
      error: 'cocoon: machine "x1": not found\ncocoon: machine "x2": not found\n',
      code: "not-found",
    });
  }
});

Deno.test("runBatch() goes on after a failure, and tells all of them at the end", async () => {
  assert.deepEqual(await runOn(["bad1", "a", "bad2", "b"], "table"), {
    done: ["bad1", "a", "bad2", "b"],
    stdout: "a\nb\n",
    error: 'cocoon: machine "bad1": is busy\ncocoon: machine "bad2": is busy\n',
    code: "conflict",
  });
});

Deno.test("runBatch() prints one JSON document, also when something failed", async () => {
  const { stdout, code } = await runOn(["b", "bad", "a"], "json");
  assert.equal(code, "conflict");
  assert.deepEqual(JSON.parse(stdout), {
    succeeded: ["b", "a"],
    failed: [{ name: "bad", error: 'machine "bad": is busy', code: "conflict" }],
  });
});

Deno.test("runBatch() prints what the work gives in place of the name", async () => {
  const run = (thing: string) => Promise.resolve({ name: `the ${thing}`, json: { of: thing } });
  assert.equal((await runOn(["a", "b"], "table", { run })).stdout, "the a\nthe b\n");
  const { stdout } = await runOn(["a", "b"], "json", { run });
  assert.deepEqual(JSON.parse(stdout), { succeeded: [{ of: "a" }, { of: "b" }], failed: [] });
});

Deno.test("runBatch() keeps what is unexpected beside the rest", async () => {
  const run = (thing: string) =>
    thing === "a" ? Promise.reject(new TypeError("boom")) : Promise.resolve();
  const { stdout, error, code } = await runOn(["a", "b"], "table", { run });
  assert.deepEqual([stdout, code], ["b\n", "failed"]);
  assert.equal(
    error,
    "cocoon: a: internal error: boom\n" +
      "hint: This is a defect of cocoon. Please report it, with what --debug prints.\n",
  );
});

Deno.test("runBatch() works on several at once, up to its bound", async () => {
  let now = 0;
  let most = 0;
  const run = async () => {
    most = Math.max(most, ++now);
    await new Promise((resolve) => setTimeout(resolve, 5));
    now--;
  };
  const references = ["a", "b", "c", "d", "e", "f", "g"];
  await runOn(references, "table", { run, parallel: 3 });
  assert.equal(most, 3);
  most = 0;
  await runOn(references, "table", { run, parallel: 1 });
  assert.equal(most, 1);
});

Deno.test("runBatch() begins nothing more after an interrupt", async () => {
  const controller = new AbortController();
  const begun: string[] = [];
  const run = (thing: string) => {
    begun.push(thing);
    controller.abort(new CocoonError("interrupted", "interrupted"));
    return Promise.resolve();
  };
  const { stdout, code, error } = await runOn(["a", "b", "c"], "table", {
    run,
    parallel: 1,
    signal: controller.signal,
  });
  assert.deepEqual(begun, ["a"]);
  assert.deepEqual([stdout, code], ["a\n", "interrupted"]);
  assert.equal(
    error,
    "cocoon: b: not begun, because of the interrupt\n" +
      "cocoon: c: not begun, because of the interrupt\n",
  );
});
