/** What holds for every command of the real program. */
import assert from "node:assert/strict";
import { assertGolden } from "../tests/support/golden.ts";
import { runFake } from "../tests/support/fake_outside.ts";
import { type Noun, root, type Verb } from "./routes.ts";

interface Found {
  path: string;
  verb: Verb;
}

function verbsOf(noun: Noun, path: string[] = []): Found[] {
  return Object.entries(noun.routes).flatMap(([word, route]): Found[] => {
    const here = [...path, word];
    return route.kind === "noun" ? verbsOf(route, here) : [{ path: here.join(" "), verb: route }];
  });
}

function nounsOf(noun: Noun, path: string[] = []): string[][] {
  return [
    path,
    ...Object.entries(noun.routes).flatMap(([word, route]) =>
      route.kind === "noun" ? nounsOf(route, [...path, word]) : []
    ),
  ];
}

for (const { path, verb } of verbsOf(root)) {
  Deno.test(`cocoon ${path} --help says what it does`, async () => {
    const { code, stdout, stderr } = await runFake([...path.split(" "), "--help"]);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.ok(stdout.startsWith(`USAGE\n  cocoon ${path} [FLAGS]`), stdout);
    assert.ok(stdout.includes(`\n\n${verb.brief}\n`), "its line of the list is the first");
    for (const line of stdout.split("\n")) assert.ok(line.length <= 100, `too wide: ${line}`);
  });
}

Deno.test("a line of a list is short, and no sentence", () => {
  for (const { path, verb } of verbsOf(root)) {
    assert.match(verb.brief, /^[A-Z].*[^.]$/, path);
    assert.ok(verb.brief.length <= 60, path);
  }
});

Deno.test("the help of every group is as reviewed", async () => {
  const texts: string[] = [];
  for (const path of nounsOf(root)) {
    const { code, stdout, stderr } = await runFake(path);
    assert.deepEqual([code, stderr], [0, ""]);
    texts.push(`$ ${["cocoon", ...path].join(" ")}\n${stdout}`);
  }
  await assertGolden(import.meta.url, "help_of_groups.txt", texts.join("\n"));
});

Deno.test("a word that is unknown is an error with the nearest word", async () => {
  for (
    const [line, message, help] of [
      ["imgae ls", 'unknown command "imgae" (did you mean "image"?)', "cocoon"],
      ["image pul x", 'unknown command "pul" (did you mean "pull"?)', "cocoon image"],
      ["rnu x", 'unknown command "rnu" (did you mean "run"?)', "cocoon"],
      ["zzzzzz", 'unknown command "zzzzzz"', "cocoon"],
    ] as const
  ) {
    assert.deepEqual(await runFake(line.split(" ")), {
      code: 2,
      stdout: "",
      stderr: `cocoon: ${message}\nhint: Run "${help} --help" for the commands.\n`,
    });
  }
});

Deno.test("cocoon version prints the version of deno.json, in both forms", async () => {
  const { version } = JSON.parse(
    await Deno.readTextFile(new URL("../deno.json", import.meta.url)),
  );
  const deno = Deno.version.deno;
  const table =
    `version       ${version}\nos            linux\narchitecture  x86_64\ndeno          ${deno}\n`;
  for (const line of [["version"], ["--version"]]) {
    assert.deepEqual(await runFake(line), { code: 0, stdout: table, stderr: "" });
  }
  const json = await runFake(["version", "-o", "json"]);
  assert.deepEqual(JSON.parse(json.stdout), { version, os: "linux", architecture: "x86_64", deno });
});

Deno.test("cocoon version --verbose asks every backend for its programs", async () => {
  const path = await Deno.makeTempDir();
  try {
    const env = { COCOON_HOME: path };
    const { code, stdout } = await runFake(["version", "--verbose", "-o", "json"], { env });
    assert.equal(code, 0);
    const { programs } = JSON.parse(stdout);
    assert.ok(programs.length > 0);
    assert.ok(
      ["qemu", "vfkit"].every((name) =>
        programs.some(({ backend }: { backend: string }) => backend === name)
      ),
    );
  } finally {
    await Deno.remove(path, { recursive: true });
  }
});
