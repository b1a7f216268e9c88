import assert from "node:assert/strict";
import { CocoonError, joinErrors } from "../errors/error.ts";
import { fakeOutside } from "../tests/support/fake_outside.ts";
import { exitCodeOf, formatError, reportError } from "./report.ts";

const plain = { debug: false, color: false };

Deno.test("formatError() gives the failure, then what to do next", () => {
  const error = new CocoonError("conflict", 'machine "web" exists already\nsince today', {
    hint: "Choose another --name.\nOr remove it.",
  });
  assert.equal(
    formatError(error, plain),
    'cocoon: machine "web" exists already\nsince today\n' +
      "hint: Choose another --name.\n      Or remove it.\n",
  );
});

Deno.test("formatError() puts the place in front, as editors read it", () => {
  const position = { file: "/etc/c.toml", line: 3, column: 5 };
  assert.equal(
    formatError(new CocoonError("usage", "unknown key", { position }), plain),
    "/etc/c.toml:3:5: unknown key\n",
  );
});

Deno.test("formatError() names a file once that place and message name", () => {
  const position = { file: "/x.yaml", line: 1, column: 1 };
  const error = new CocoonError("usage", "/x.yaml: its first line is wrong", { position });
  assert.equal(formatError(error, plain), "/x.yaml:1:1: its first line is wrong\n");
  assert.equal(
    formatError(new CocoonError("usage", "/x.yaml: is empty"), plain),
    "cocoon: /x.yaml: is empty\n",
  );
});

Deno.test("formatError() keeps joined failures apart, and says a hint once", () => {
  const position = { file: "f", line: 1, column: 2 };
  const error = joinErrors([
    new CocoonError("usage", "one", { position, hint: "Mend it." }),
    new CocoonError("usage", "two", { hint: "Mend it." }),
    joinErrors([new CocoonError("failed", "three"), new CocoonError("failed", "four")]),
  ]);
  assert.equal(
    formatError(error, plain),
    "f:1:2: one\ncocoon: two\ncocoon: three\ncocoon: four\nhint: Mend it.\n",
  );
});

Deno.test("formatError() says that anything else is a defect of cocoon", () => {
  for (const thrown of [new TypeError("x is undefined"), "x is undefined"]) {
    assert.equal(
      formatError(thrown, plain),
      "cocoon: internal error: x is undefined\n" +
        "hint: This is a defect of cocoon. Please report it, with what --debug prints.\n",
    );
  }
});

Deno.test("formatError() shows stacks and causes with debug only", () => {
  const error = new CocoonError("failed", "outer", { cause: new Error("inner") });
  assert.equal(formatError(error, plain), "cocoon: outer\n");
  const text = formatError(error, { debug: true, color: false });
  assert.match(
    text,
    /^cocoon: outer\nCocoonError: outer\n +at .*\nCaused by:\nError: inner\n +at /s,
  );
});

Deno.test("formatError() lets no control character through", () => {
  const error = new CocoonError("failed", "a\x1b[31mb\rc\x9bd\te", { hint: "\x07" });
  assert.equal(formatError(error, plain), "cocoon: a\\x1b[31mb\\x0dc\\x9bd\te\nhint: \\x07\n");
});

Deno.test("reportError() colours on a terminal, unless NO_COLOR is set", () => {
  const error = new CocoonError("failed", "no");
  const written = (options: Parameters<typeof fakeOutside>[0]) => {
    const outside = fakeOutside(options);
    reportError(outside, error, { debug: false });
    assert.equal(outside.written.stdout, "");
    return outside.written.stderr;
  };
  const terminals = { stderr: true };
  assert.equal(written({ terminals }), "\x1b[31mcocoon:\x1b[0m no\n");
  assert.equal(written({ terminals, env: { NO_COLOR: "" } }), "\x1b[31mcocoon:\x1b[0m no\n");
  assert.equal(written({ terminals, env: { NO_COLOR: "1" } }), "cocoon: no\n");
  assert.equal(written({ terminals: { stdout: true } }), "cocoon: no\n");
});

Deno.test("exitCodeOf() gives the status of the error's code", () => {
  assert.equal(exitCodeOf(new CocoonError("failed", "")), 1);
  assert.equal(exitCodeOf(new CocoonError("usage", "")), 2);
  assert.equal(exitCodeOf(new CocoonError("not-found", "")), 3);
  assert.equal(exitCodeOf(new CocoonError("conflict", "")), 4);
  assert.equal(exitCodeOf(new CocoonError("host-lacks", "")), 5);
  assert.equal(exitCodeOf(new CocoonError("interrupted", "")), 130);
  assert.equal(exitCodeOf(new Error("a defect")), 1);
});
