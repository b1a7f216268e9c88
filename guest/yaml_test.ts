import assert from "node:assert/strict";
import fc from "fast-check";
import { CocoonError } from "../errors/error.ts";
import { realHost } from "../host/host.ts";
import { readCloudConfig } from "./yaml_read.ts";
import { writeYaml, YamlNumber, type YamlValue } from "./yaml_write.ts";

const host = realHost();
const python = host.which("python3");
const hasPyYaml = python !== undefined &&
  (await host.run([python, "-c", "import yaml"])).code === 0;

/** PyYAML's view of documents, as one JSON list; bytes, dates and odd numbers made comparable. */
const PYTHON = `
import base64, json, sys, yaml
def plain(v):
    if isinstance(v, bytes): return {"bytes": base64.b64encode(v).decode()}
    if isinstance(v, float): return {"float": repr(v)}
    if isinstance(v, dict): return {"dict": [[str(k), plain(x)] for k, x in v.items()]}
    if isinstance(v, list): return [plain(x) for x in v]
    if v is None or isinstance(v, (bool, int, str)): return v if not isinstance(v, int) or isinstance(v, bool) else {"int": str(v)}
    return str(v)
print(json.dumps([plain(yaml.safe_load(t)) for t in json.load(sys.stdin)]))
`;

async function pyYaml(texts: string[]): Promise<unknown[]> {
  const result = await host.run([python ?? "", "-c", PYTHON], { stdin: JSON.stringify(texts) });
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout);
}

/** The same form as PYTHON's `plain`, for our values. */
function plain(value: YamlValue): unknown {
  if (value instanceof Uint8Array) return { bytes: value.toBase64() };
  if (value instanceof YamlNumber) return { int: value.text };
  if (typeof value === "number") return { int: String(value) };
  if (Array.isArray(value)) return value.map(plain);
  if (value !== null && typeof value === "object") {
    return { dict: Object.entries(value).map(([key, item]) => [key, plain(item)]) };
  }
  return value;
}

const scalars = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.maxSafeInteger(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("no", "on", "1:20", "0644", "=", "<<", "~", "- a", "#", ": ", "\u2028", "\u0085"),
  fc.uint8Array().map((bytes) => Uint8Array.from(bytes)),
);
const values = fc.letrec<{ value: YamlValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalars,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(fc.string({ unit: "binary", maxLength: 20 }), tie("value"), {
      maxKeys: 4,
      noNullPrototype: true,
    }),
  ),
})).value;

Deno.test({
  name: "writeYaml() is read by PyYAML as the same value when given any value",
  ignore: !hasPyYaml,
  async fn() {
    const samples = fc.sample(values, 500);
    const read = await pyYaml(samples.map(writeYaml));
    samples.forEach((value, i) => assert.deepEqual(read[i], plain(value), writeYaml(value)));
  },
});

Deno.test({
  name: "writeYaml() is read by PyYAML as a float when the number is one",
  ignore: !hasPyYaml,
  async fn() {
    const numbers = [1e21, 1.5e21, -1e-7, 0.1, 5e-324, Infinity, -Infinity, NaN, -0];
    assert.deepEqual(
      await pyYaml(numbers.map(writeYaml)),
      ["1e+21", "1.5e+21", "-1e-07", "0.1", "5e-324", "inf", "-inf", "nan", "-0.0"]
        .map((float) => ({ float })),
    );
  },
});

Deno.test("writeYaml() is JSON when the value is", () => {
  fc.assert(fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
    // A number with an exponent is the same number in both.
    assert.deepEqual(JSON.parse(writeYaml(value as YamlValue)), value);
  }));
});

/** Lines on which YAML readers differ, and PyYAML is the measure. */
const AWKWARD = [
  "y",
  "Y",
  "n",
  "yes",
  "Off",
  "nO",
  "0644",
  "0o17",
  "08",
  "1_000",
  "0b11",
  "0xfF",
  "1:20",
  "190:20:30",
  "190:20:30.15",
  "1e3",
  "1.5e3",
  "1.5e+3",
  "1.0",
  "0.",
  ".5",
  "-.5",
  "+1",
  "-0",
  "12345678901234567890",
  ".inf",
  "-.INF",
  ".nan",
  "~",
  "Null",
  "",
  "52:54:00:12:34:56",
  "10.0.0.1",
  "'0644'",
  '"\\u00e9\\x41\\n"',
  "http://a:80/b#c",
  "!!str 1",
  "!!binary aGVsbG8=",
  "[1, 0644, yes, {a: 1.10}]",
  "{a: n, b: [x]}",
  "|\n  two\n  lines",
  ">\n  two\n  lines",
  "&a [1, 2]\nq: *a",
  "{<<: {a: 1}, b: 2}",
  "2001-01-01",
  "22:30",
];

Deno.test({
  name: "readCloudConfig() and writeYaml() keep what PyYAML sees when the text is awkward",
  ignore: !hasPyYaml,
  async fn() {
    const texts = AWKWARD.map((text) => `k: ${text}\n`);
    const ours = await Promise.all(
      texts.map(async (text) => writeYaml(await readCloudConfig(text, "f"))),
    );
    const [expected, got] = [await pyYaml(texts), await pyYaml(ours)];
    texts.forEach((text, i) => assert.deepEqual(got[i], expected[i], `${text} -> ${ours[i]}`));
  },
});

async function refusal(text: string): Promise<CocoonError> {
  try {
    writeYaml(await readCloudConfig(text, "user.yaml"));
  } catch (error) {
    assert(error instanceof CocoonError);
    assert.equal(error.code, "usage");
    return error;
  }
  assert.fail("accepted");
}

Deno.test("readCloudConfig() gives the position when the YAML is wrong", async () => {
  const error = await refusal("#cloud-config\npackages: [a\nruncmd: b\n");
  assert.match(error.message, /^user\.yaml: not valid YAML: /);
  assert.deepEqual(error.position, { file: "user.yaml", line: 3, column: 1 });
  const twice = await refusal("a: 1\nb: 2\na: 3\n");
  assert.match(twice.message, /duplicated mapping key/);
  assert.equal(twice.position?.line, 3);
});

Deno.test("readCloudConfig() refuses what is no single mapping of plain values", async () => {
  assert.match((await refusal("- a\n- b\n")).message, /not a mapping/);
  assert.match((await refusal("text\n")).message, /not a mapping/);
  assert.match((await refusal("a: 1\n---\nb: 2\n")).message, /more than one/);
  assert.match((await refusal("a: !!set {x, y}\n")).message, /cannot be merged/);
  assert.match((await refusal("a: !vault x\n")).message, /unknown scalar tag/);
  assert.match((await refusal("a: &x [*x]\n")).message, /levels deep/);
  const bomb = ["a0: &a0 [x, x, x, x, x, x, x, x, x]"];
  for (let i = 1; i < 9; i++) {
    bomb.push(`a${i}: &a${i} [${Array(9).fill(`*a${i - 1}`).join(", ")}]`);
  }
  assert.match((await refusal(bomb.join("\n"))).message, /aliases make more than/);
});

Deno.test("readCloudConfig() is empty when there are only comments", async () => {
  assert.deepEqual(await readCloudConfig("#cloud-config\n# nothing\n", "f"), {});
});
