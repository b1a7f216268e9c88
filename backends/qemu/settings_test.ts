import assert from "node:assert/strict";
import type { JsonObject } from "../../plugins/contract.ts";
import { readSettings, settingsFor, settingsSchema } from "./settings.ts";

function issues(input: JsonObject): string[] {
  const result = settingsSchema.parse(input);
  return "issues" in result
    ? result.issues.map(({ path, message }) => `${path.join(".")}: ${message}`)
    : [];
}

Deno.test("settingsSchema.parse() fills in defaults", () => {
  assert.deepEqual(settingsSchema.parse({}), {
    settings: { accelerator: "auto", sandbox: true, screen: true, extra_args: [] },
  });
  assert.deepEqual(settingsSchema.parse({ accelerator: "tcg", extra_args: ["-s"] }), {
    settings: { accelerator: "tcg", sandbox: true, screen: true, extra_args: ["-s"] },
  });
});

Deno.test("settingsSchema.parse() names every mistake at once", () => {
  assert.deepEqual(
    issues({
      accelerator: "xen",
      sandbox: "yes",
      program: "qemu",
      extra_args: ["-s", 1],
      acelerator: "tcg",
      aarch64: { cpu: "", sandbox: true },
      x86_64: [],
    }),
    [
      'accelerator: must be one of "auto", "kvm", "hvf", "tcg", got "xen"',
      'sandbox: must be true or false, got "yes"',
      'extra_args: must be a list of strings, got ["-s",1]',
      'program: must be an absolute path, got "qemu"',
      "acelerator: unknown key",
      "x86_64: must be a table, got []",
      'aarch64.cpu: must not be empty, got ""',
      "aarch64.sandbox: unknown key",
    ],
  );
});

Deno.test("settingsSchema.parse() does not take names of every object for settings", () => {
  assert.deepEqual(issues({ toString: "x" }), ["toString: unknown key"]);
});

Deno.test("settingsSchema.parse() wants both halves of the firmware, in each table", () => {
  const together = "firmware_code and firmware_vars belong together: give both or none";
  assert.deepEqual(issues({ firmware_code: "/c" }), [`firmware_code: ${together}`]);
  assert.deepEqual(issues({ aarch64: { firmware_vars: "/v" } }), [
    `aarch64.firmware_vars: ${together}`,
  ]);
  assert.deepEqual(issues({ firmware_code: "/c", firmware_vars: "/v" }), []);
});

Deno.test("settingsSchema.keys has a schema that takes the defaults", () => {
  for (const [key, { description, schema }] of Object.entries(settingsSchema.keys)) {
    assert.ok(description.length > 10, key);
    assert.ok(typeof schema.type === "string", key);
  }
  assert.deepEqual(Object.keys(settingsSchema.keys).sort(), [
    ...["aarch64", "accelerator", "cpu", "extra_args", "firmware_code", "firmware_vars"],
    ...["machine", "program", "sandbox", "screen", "x86_64"],
  ]);
});

Deno.test("readSettings() throws for a table that was not checked", () => {
  assert.throws(() => readSettings({ screen: 1 }), /Unchecked settings: screen/);
});

Deno.test("settingsFor() lets an architecture's own table win", () => {
  const settings = readSettings({ cpu: "max", machine: "q35", aarch64: { cpu: "cortex-a72" } });
  assert.equal(settingsFor(settings, "x86_64").cpu, "max");
  assert.equal(settingsFor(settings, "aarch64").cpu, "cortex-a72");
  assert.equal(settingsFor(settings, "aarch64").machine, "q35");
});
