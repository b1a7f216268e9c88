import assert from "node:assert/strict";
import { defineSettings } from "./settings.ts";

const schema = defineSettings({
  binary: { type: "path", description: "program to use instead of the one on PATH" },
  accelerator: {
    type: "enum",
    values: ["auto", "kvm", "tcg"],
    default: "auto",
    description: "how instructions are executed",
  },
  queues: { type: "integer", minimum: 1, maximum: 16, default: 1, description: "queues of a disk" },
  verbose: { type: "boolean", default: false, description: "more in the log" },
  extra_args: { type: "string[]", default: [], description: "arguments passed on as they are" },
  ports: {
    type: "string",
    default: "1-2",
    check: (value) => /^\d+-\d+$/.test(value) ? undefined : "must be a port range",
    description: "ports to use",
  },
});

Deno.test("parse() fills in defaults and leaves out what has none", () => {
  assert.deepEqual(schema.parse({}), {
    settings: { accelerator: "auto", queues: 1, verbose: false, extra_args: [], ports: "1-2" },
  });
});

Deno.test("parse() is idempotent on its own result", () => {
  const first = schema.parse({ binary: "/opt/qemu", extra_args: ["-v"], queues: 4 });
  assert.ok("settings" in first);
  assert.deepEqual(schema.parse(first.settings), first);
});

Deno.test("parse() reports every wrong key at once, with its path and the value", () => {
  const result = schema.parse({
    binary: "qemu",
    accelerator: "fast",
    queues: 17,
    verbose: "yes",
    extra_args: [1],
    ports: "ssh",
    colour: "red",
  });
  assert.deepEqual(result, {
    issues: [
      { path: ["binary"], message: 'must be an absolute path, got "qemu"' },
      { path: ["accelerator"], message: 'must be one of "auto", "kvm", "tcg", got "fast"' },
      { path: ["queues"], message: "must be a whole number from 1 to 16, got 17" },
      { path: ["verbose"], message: 'must be true or false, got "yes"' },
      { path: ["extra_args"], message: "must be a list of strings, got [1]" },
      { path: ["ports"], message: 'must be a port range, got "ssh"' },
      { path: ["colour"], message: "unknown key" },
    ],
  });
});

Deno.test("parse() does not take keys of Object.prototype for settings", () => {
  const trap = defineSettings({
    constructor: { type: "string", description: "a key that every object inherits" },
  });
  assert.deepEqual(trap.parse({}), { settings: {} });
  const own = JSON.parse('{"toString": 1}');
  assert.deepEqual(schema.parse(own), { issues: [{ path: ["toString"], message: "unknown key" }] });
});

Deno.test("parse() gives lists of its own, so that a caller cannot change the defaults", () => {
  const first = schema.read({});
  first.extra_args.push("-x");
  assert.deepEqual(schema.read({}).extra_args, []);
});

Deno.test("parse() names the bound that an integer breaks", () => {
  const bounds = defineSettings({
    low: { type: "integer", minimum: 1, description: "d" },
    high: { type: "integer", maximum: 9, description: "d" },
    free: { type: "integer", description: "d" },
  });
  assert.deepEqual(bounds.parse({ low: 0, high: 10, free: 1.5 }), {
    issues: [
      { path: ["low"], message: "must be a whole number of at least 1, got 0" },
      { path: ["high"], message: "must be a whole number of at most 9, got 10" },
      { path: ["free"], message: "must be a whole number, got 1.5" },
    ],
  });
});

Deno.test("read() gives static types and throws on a table that was never checked", () => {
  const settings = schema.read({ queues: 2 });
  const accelerator: "auto" | "kvm" | "tcg" = settings.accelerator;
  const binary: string | undefined = settings.binary;
  assert.deepEqual([accelerator, binary, settings.queues + 1], ["auto", undefined, 3]);
  assert.throws(() => schema.read({ queues: 0 }), {
    name: "CocoonError",
    code: "usage",
    message: "queues: must be a whole number from 1 to 16, got 0",
  });
});

Deno.test("keys carry the description and a JSON schema with the default", () => {
  assert.deepEqual(schema.keys.queues, {
    description: "queues of a disk",
    schema: { type: "integer", minimum: 1, maximum: 16, default: 1 },
  });
  assert.deepEqual(schema.keys.accelerator?.schema, {
    type: "string",
    enum: ["auto", "kvm", "tcg"],
    default: "auto",
  });
  assert.deepEqual(schema.keys.extra_args?.schema, {
    type: "array",
    items: { type: "string" },
    default: [],
  });
});

Deno.test("parse() asks the check for each entry of a list", () => {
  const check = (value: string) => value === "b" ? "must not hold b" : undefined;
  const schema = defineSettings({ list: { type: "string[]", check, description: "a list" } });
  assert.deepEqual(schema.parse({ list: ["a", "c"] }), { settings: { list: ["a", "c"] } });
  assert.deepEqual(schema.parse({ list: ["a", "b"] }), {
    issues: [{ path: ["list"], message: 'must not hold b, got ["a","b"]' }],
  });
});
