import assert from "node:assert/strict";
import { REPOSITORY } from "../../tools/main.ts";
import { filesBelow } from "../../tools/test_files.ts";

/** Every text file of the repository, by its path. */
const texts = new Map(
  filesBelow(REPOSITORY, (path) => {
    return /\.(ts|js|json|md|toml|sh|yml|yaml|lock|txt)$|^\.ci\/|(^|\/)[^.]+$/.test(path);
  }).map((path) => [path, Deno.readTextFileSync(`${REPOSITORY}/${path}`)]),
);

/** `file:line: text` of each line that matches, in files that `accept` takes. */
function linesWith(pattern: RegExp, accept: (path: string) => boolean = () => true): string[] {
  return [...texts].filter(([path]) => accept(path)).flatMap(([path, text]) => {
    return text.split("\n").flatMap((line, index) => {
      return pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [];
    });
  });
}

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

Deno.test("no file names a path of the computer that it was written on", () => {
  const here = [REPOSITORY, Deno.execPath(), Deno.env.get("DENO_DIR")]
    // Short ones, such as the `/src` of a container, are in many paths.
    .filter((path) => path !== undefined && path.length > 8)
    .map((path) => escape(path ?? ""));
  const usual = [String.raw`(?<![\w.$}~-])\/(work|Users|opt\/dev)\/\w`];
  assert.deepEqual(linesWith(new RegExp([...here, ...usual].join("|"))), []);
});

Deno.test("no file says that it is unfinished", () => {
  // In two parts, or this line would be found.
  const words = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK"];
  assert.deepEqual(linesWith(new RegExp(String.raw`\b(${words.join("|")})\b`)), []);
});

Deno.test("no test is left out, and none alone is run", () => {
  const marks = ["ignore" + ": true", "only" + ": true", "\\.ignore" + "\\(", "\\.only" + "\\("];
  marks.push("\\.skip" + "\\(");
  const tests = (path: string) => path.endsWith(".ts");
  assert.deepEqual(linesWith(new RegExp(marks.join("|")), tests), []);
});

Deno.test("no file is longer than 600 lines", () => {
  const long = [...texts].filter(([path]) => path.endsWith(".ts"))
    .map(([path, text]) => ({ path, lines: text.split("\n").length - 1 }))
    .filter(({ lines }) => lines > 600);
  assert.deepEqual(long, []);
});

Deno.test("the licence is Apache-2.0, in the file and in deno.json", () => {
  const licence = texts.get("LICENSE") ?? "";
  assert.match(licence, /Apache License\s+Version 2\.0, January 2004/);
  assert.equal(config().license, "Apache-2.0");
});

Deno.test("every dependency has one exact version, and comes from npm", () => {
  for (const [name, target] of Object.entries(config().imports)) {
    if (target.startsWith("./")) continue;
    assert.equal(target.startsWith(`npm:${name}@`), true, `${name}: ${target}`);
    assert.match(target, /@\d+\.\d+\.\d+$/, name);
  }
  // A lock that was written beside another registry names its host.
  assert.doesNotMatch(texts.get("deno.lock") ?? "", /https?:/);
});

Deno.test("every task that a document or the continuous integration runs exists", () => {
  const tasks = Object.keys(config().tasks);
  const versions = new Set<string>();
  let commands = 0;
  for (const [path, text] of texts) {
    if (!path.endsWith(".md") && !path.startsWith(".ci/")) continue;
    for (const [, version, task = ""] of text.matchAll(/\bdeno(?:@([\w.]+))? task ([\w-]+)/g)) {
      commands++;
      if (version !== undefined) versions.add(version);
      assert.ok(tasks.includes(task), `${path}: no task "${task}"`);
    }
  }
  assert.ok(commands >= 3, "the README has two commands, and .ci/run has one");
  assert.equal(versions.size, 1, `one version of Deno everywhere: ${[...versions]}`);
});

Deno.test("the continuous integration runs the README's test command", () => {
  const line = /^npx -y deno@[\d.]+ task test$/m;
  const command = line.exec(texts.get(".ci/run") ?? "")?.[0];
  assert.ok(command, ".ci/run has no such line");
  assert.ok(texts.get("README.md")?.includes(command), `the README lacks "${command}"`);
});

Deno.test("every link of a document to a file or a heading leads somewhere", () => {
  const broken: string[] = [];
  for (const [path, text] of texts) {
    if (!path.endsWith(".md")) continue;
    const folder = new URL(path, "file:///");
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const url = new URL(target, folder);
      const file = decodeURIComponent(url.pathname.slice(1));
      const there = texts.get(file);
      if (there === undefined && !exists(file)) broken.push(`${path}: ${target}`);
      else if (url.hash !== "" && !headings(there ?? "").has(url.hash.slice(1))) {
        broken.push(`${path}: ${target}`);
      }
    }
  }
  assert.deepEqual(broken, []);
});

function config(): {
  license: string;
  imports: Record<string, string>;
  tasks: Record<string, string>;
} {
  return JSON.parse(texts.get("deno.json") ?? "");
}

function exists(path: string): boolean {
  try {
    Deno.statSync(`${REPOSITORY}/${path}`);
    return true;
  } catch {
    return false;
  }
}

/** Anchors of a document's headings, as the usual viewers of Markdown make them. */
function headings(text: string): Set<string> {
  const titles = text.split("\n").filter((line) => /^#{1,6} /.test(line));
  return new Set(titles.map((line) => {
    return line.replace(/^#+ /, "").toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-");
  }));
}
