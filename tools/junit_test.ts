import assert from "node:assert/strict";
import { parseJunit } from "./junit.ts";

Deno.test("parseJunit() reads what deno test writes", async () => {
  const directory = await Deno.makeTempDir({ prefix: "junit-" });
  try {
    await Deno.writeTextFile(
      `${directory}/a_test.ts`,
      `Deno.test("a() has steps", async (t) => { await t.step("a step", () => {}); });
Deno.test("b() > fails with <\\"&'>", () => { throw new Error("<failure/> <testcase name='x'>"); });
Deno.test({ name: "c() is left out", ignore: 1 === 1, fn() {} });`,
    );
    await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-config", "--no-check", "--junit-path=report.xml", "a_test.ts"],
      cwd: directory,
    }).output();
    const cases = parseJunit(await Deno.readTextFile(`${directory}/report.xml`));
    assert.deepEqual(cases.map(({ file, name, outcome }) => ({ file, name, outcome })), [
      { file: "a_test.ts", name: "a() has steps", outcome: "passed" },
      { file: "a_test.ts", name: `b() > fails with <"&'>`, outcome: "failed" },
      { file: "a_test.ts", name: "c() is left out", outcome: "skipped" },
    ]);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});

Deno.test("parseJunit() gives milliseconds", () => {
  const xml = '<testsuite><testcase name="a" classname="./x/a_test.ts" time="1.2345"/></testsuite>';
  assert.deepEqual(parseJunit(xml), [
    { file: "x/a_test.ts", name: "a", outcome: "passed", durationMs: 1235 },
  ]);
  assert.deepEqual(parseJunit(""), []);
});
