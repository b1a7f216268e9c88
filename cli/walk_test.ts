import assert from "node:assert/strict";
import type { Noun, Verb } from "./routes.ts";
import { walk } from "./walk.ts";

const verb = (brief: string, hidden = false): Verb => ({
  kind: "verb",
  brief,
  hidden,
  load: () => Promise.reject(new Error("a walk loaded a verb")),
});
const vm: Noun = {
  kind: "noun",
  brief: "",
  routes: { list: verb("list"), run: verb("run") },
  aliases: { ls: "list" },
};
const root: Noun = {
  kind: "noun",
  brief: "",
  routes: { vm, run: verb("run"), version: verb("version"), secret: verb("secret", true) },
  aliases: {},
};

/** The walk in one line. */
function walked(...argv: string[]): string {
  const step = walk(argv, root);
  const path = step.path.join(" ");
  switch (step.kind) {
    case "verb":
      return `${step.verb.brief} by "${path}" with ${JSON.stringify(step.rest)}`;
    case "help":
      return `help of "${path}"`;
    case "unknown":
      return `unknown ${step.word} in "${path}" of ${step.candidates}`;
  }
}

Deno.test("walk() follows words and aliases, and leaves the rest to the parser", () => {
  assert.equal(walked("vm", "list", "-o", "json"), 'list by "vm list" with ["-o","json"]');
  assert.equal(walked("vm", "ls"), 'list by "vm ls" with []');
  assert.equal(walked("run", "vm", "list"), 'run by "run" with ["vm","list"]');
  assert.equal(walked("secret"), 'secret by "secret" with []');
});

Deno.test("walk() ends in help where no verb is named", () => {
  for (const words of [[], ["help"], ["--help"], ["-h"], ["--debug"], ["--home", "x"]]) {
    assert.equal(walked(...words), 'help of ""');
  }
  for (const words of [["vm"], ["help", "vm"], ["vm", "--help"], ["vm", "-h"]]) {
    assert.equal(walked(...words), 'help of "vm"');
  }
});

Deno.test("walk() turns help into the flag of the verb", () => {
  assert.equal(walked("help", "vm", "run", "x"), 'run by "vm run" with ["--help"]');
  assert.equal(walked("vm", "help", "run"), 'run by "vm run" with ["--help"]');
  assert.equal(walked("--version"), 'version by "version" with []');
});

Deno.test("walk() takes global flags before and between the words", () => {
  assert.equal(
    walked("--home", "run", "vm", "--debug", "--config=x", "list", "y"),
    'list by "vm list" with ["--home","run","--debug","--config=x","y"]',
  );
  assert.equal(walked("run", "--home", "x"), 'run by "run" with ["--home","x"]');
});

Deno.test("walk() names what a word could have been, but nothing that is hidden", () => {
  assert.equal(walked("vm", "rnu"), 'unknown rnu in "vm" of list,run,ls');
  assert.equal(walked("secrets"), 'unknown secrets in "" of vm,run,version');
  assert.equal(walked("--hom", "x"), 'unknown --hom in "" of --help,--home,--config,--debug');
});

Deno.test("walk() is not misled by properties that every object has", () => {
  assert.match(walked("constructor"), /^unknown constructor/);
  assert.match(walked("vm", "__proto__"), /^unknown __proto__/);
  assert.match(walked("--toString"), /^unknown --toString/);
});

Deno.test("walk() refuses a flag with = and no value, up to --", () => {
  assert.throws(() => walked("run", "--name="), {
    code: "usage",
    message: "--name= has no value",
    hint: "Give one, or leave --name out.",
  });
  assert.equal(walked("run", "--", "--name="), 'run by "run" with ["--","--name="]');
});
