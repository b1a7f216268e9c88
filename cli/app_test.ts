import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { assertGolden } from "../tests/support/golden.ts";
import { type FakeOptions, runFake } from "../tests/support/fake_outside.ts";
import {
  integerFlag,
  OUTPUT_ALIAS,
  type OutputFlag,
  outputFlag,
  repeatedFlag,
  switchFlag,
  textFlag,
} from "./arguments.ts";
import { type CommandDefinition, defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { OutputClosed } from "./outside.ts";
import { durationFlag, sizeFlag } from "./quantity_flags.ts";
import type { Noun } from "./routes.ts";

interface Flags extends OutputFlag {
  cpus?: number;
  memory?: number;
  stopTimeout?: number;
  name?: string;
  publish?: readonly string[];
  force: boolean;
}

/** A verb that has every kind of flag and prints what it was given. */
const show = defineCommand({
  description: "Prints what it was given.",
  parameters: {
    flags: {
      cpus: integerFlag("How many", 1),
      memory: sizeFlag("How much"),
      stopTimeout: durationFlag("How long"),
      name: textFlag("What it is called", "NAME"),
      publish: repeatedFlag("Which port", "PORT", String),
      force: switchFlag("Do it anyway"),
      ...outputFlag,
    },
    aliases: { ...OUTPUT_ALIAS, f: "force" },
    positional: {
      kind: "array",
      minimum: 1,
      parameter: { parse: String, placeholder: "WORD", brief: "Anything" },
    },
  },
  run(context: Context, flags: Flags, ...words: string[]) {
    context.stdout(`${JSON.stringify({ flags, words })}\n`);
  },
});

function does(
  run: (context: Context) => number | void | Promise<number | void>,
): CommandDefinition {
  return defineCommand({ parameters: {}, run: (context: Context) => run(context) });
}

function rootOf(commands: Record<string, CommandDefinition>): Noun {
  return {
    kind: "noun",
    brief: "A test",
    aliases: {},
    routes: Object.fromEntries(
      Object.entries(commands).map(([name, command]) => [name, {
        kind: "verb",
        brief: `Does ${name}`,
        hidden: false,
        load: () => Promise.resolve({ command }),
      }]),
    ),
  };
}

const runShow = (...words: string[]) => runFake(["show", ...words], { root: rootOf({ show }) });
const runIt = (
  run: Parameters<typeof does>[0],
  options: FakeOptions = {},
  flags: string[] = [],
) => runFake(["it", ...flags], { root: rootOf({ it: does(run) }), ...options });

Deno.test("runApp() gives a verb its flags and arguments, and prints nothing else", async () => {
  const { code, stdout, stderr } = await runShow(
    ..."--cpus 2 --memory 1.5G --stop-timeout 1m --publish 1 --publish=2 -f a".split(" "),
    "--",
    "--b",
  );
  assert.deepEqual([code, stderr], [0, ""]);
  assert.deepEqual(JSON.parse(stdout), {
    flags: {
      cpus: 2,
      memory: 1.5 * 1024 ** 3,
      stopTimeout: 60_000,
      publish: ["1", "2"],
      force: true,
      output: "table",
      debug: false,
    },
    words: ["a", "--b"],
  });
});

Deno.test("runApp() runs a verb alone as if the parser had read the words", async () => {
  const flags = {
    cpus: integerFlag("How many", 1),
    memory: sizeFlag("How much"),
    publish: repeatedFlag("Which port", "PORT", String),
    force: switchFlag("Do it anyway"),
    ...outputFlag,
  };
  const verbs = {
    shows: defineCommand({
      parameters: { flags },
      run(context: Context, given: Omit<Flags, "stopTimeout" | "name">) {
        const shown = (_: string, value: unknown) => value === undefined ? "unset" : value;
        context.stdout(JSON.stringify(given, shown));
      },
    }),
    answers: does(() => 7),
    fails: does(() => Promise.reject(new CocoonError("not-found", "no such thing"))),
  };
  for (const [name, verb] of Object.entries(verbs)) {
    assert.ok(verb.bare() !== undefined, name);
    // After `--` there are no words either, but finding that out takes the parser.
    const root = rootOf(verbs);
    assert.deepEqual(await runFake([name], { root }), await runFake([name, "--"], { root }), name);
  }
});

Deno.test("defineCommand() leaves to the parser what needs words", () => {
  assert.equal(show.bare(), undefined);
  const text = { kind: "parsed", parse: String, brief: "A text" } as const;
  const run = () => {};
  const needy = defineCommand<{ text: string }>({ parameters: { flags: { text } }, run });
  assert.equal(needy.bare(), undefined);
  const parsed = defineCommand<{ text: string }>({
    parameters: { flags: { text: { ...text, default: "1" } } },
    run,
  });
  assert.equal(parsed.bare(), undefined);
});

Deno.test("runApp() explains a command line that is wrong, every mistake at once", async () => {
  const lines: string[] = [];
  for (
    const line of [
      "",
      "--cpu 4 x",
      "--stop-timeuot 4s x",
      "--xyzzy x",
      "-x x",
      "--cpus 0 --memory 2Q --stop-timeout 90 --output jsn",
      "--cpus 2 --cpus 3 x",
      "--cpus --force x",
      "x --name",
      "--force=perhaps x",
      "--no-force x",
      "--name= x",
      "x --home",
    ]
  ) {
    const { code, stdout, stderr } = await runShow(
      ...line.split(" ").filter((word) => word !== ""),
    );
    assert.deepEqual([code, stdout], [2, ""], line);
    lines.push(`$ cocoon show ${line}`.trimEnd(), stderr);
  }
  await assertGolden(import.meta.url, "wrong_command_lines.txt", lines.join("\n"));
});

Deno.test("runApp() prints the help of a verb wherever it is asked for", async () => {
  const expected = await runShow("--help");
  assert.deepEqual([expected.code, expected.stderr], [0, ""]);
  await assertGolden(import.meta.url, "help_of_a_verb.txt", expected.stdout);
  const root = rootOf({ show });
  for (const line of ["show -h", "help show", "show --cpus x --help", "show a --help b"]) {
    assert.deepEqual(await runFake(line.split(" "), { root }), expected, line);
  }
});

Deno.test("runApp() exits with the status that a verb returns", async () => {
  assert.equal((await runIt(() => {})).code, 0);
  assert.equal((await runIt(() => 7)).code, 7);
  assert.equal((await runIt(() => Promise.resolve(3))).code, 3);
});

Deno.test("runApp() reports what a verb throws, after what it has printed", async () => {
  const result = await runIt((context) => {
    context.stdout("first\n");
    throw new CocoonError("conflict", "it is busy", { hint: "Try again." });
  });
  assert.deepEqual(result, {
    code: 4,
    stdout: "first\n",
    stderr: "cocoon: it is busy\nhint: Try again.\n",
  });
});

Deno.test("runApp() shows a stack with --debug only", async () => {
  const fail = () => Promise.reject(new TypeError("x is undefined"));
  assert.doesNotMatch((await runIt(fail)).stderr, /app_test\.ts/);
  const { code, stderr } = await runIt(fail, {}, ["--debug"]);
  assert.equal(code, 1);
  assert.match(stderr, /app_test\.ts/);
});

Deno.test("runApp() exits with 130 when it was interrupted, whatever was thrown", async () => {
  const controller = new AbortController();
  controller.abort(new CocoonError("interrupted", "interrupted"));
  const options = { signal: controller.signal };
  const plain = await runIt(() => Promise.reject(new DOMException("", "AbortError")), options);
  assert.deepEqual(plain, { code: 130, stdout: "", stderr: "cocoon: interrupted\n" });
  const own = await runIt(() => Promise.reject(new CocoonError("failed", "no undo")), options);
  assert.deepEqual(own, { code: 130, stdout: "", stderr: "cocoon: no undo\n" });
});

Deno.test("runApp() is silent when nobody reads its output", async () => {
  const result = await runIt(() => Promise.reject(new OutputClosed("standard output is closed")));
  assert.deepEqual(result, { code: 141, stdout: "", stderr: "" });
});

Deno.test("runApp() opens the home that the flags name, and only when it is asked for", async () => {
  const path = await Deno.makeTempDir();
  try {
    await runIt(() => {}, {}, ["--home", `${path}/unused`]);
    assert.deepEqual([...Deno.readDirSync(path)], []);
    const seen: string[] = [];
    const root = rootOf({ it: does((context) => void seen.push(context.home().root)) });
    const env = { COCOON_HOME: `${path}/env`, HOME: `${path}/user` };
    await runFake(["it"], { root, env });
    await runFake(["--home", `${path}/flag`, "it"], { root, env });
    await runFake(["it"], { root, env: { HOME: `${path}/user` } });
    assert.deepEqual(seen, [`${path}/env`, `${path}/flag`, `${path}/user/.cocoon`]);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});

Deno.test("runApp() closes the store after the verb, also when it fails", async () => {
  const path = await Deno.makeTempDir();
  try {
    let store: Awaited<ReturnType<Context["store"]>> | undefined;
    const result = await runIt(
      async (context) => {
        store = await context.store();
        assert.equal(await context.store(), store, "it is opened once");
        throw new CocoonError("failed", "no");
      },
      {},
      ["--home", path],
    );
    assert.equal(result.code, 1);
    assert.throws(() => store?.machines.list(), /not open/);
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});
