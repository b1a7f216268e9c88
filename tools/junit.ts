/** Reads the JUnit file that `deno test --junit-path` writes. */

/** One test, without its steps. */
export interface TestCase {
  /** Path of the file, as it was given to `deno test`, without a leading `./`. */
  file: string;
  name: string;
  outcome: "passed" | "failed" | "skipped";
  durationMs: number;
}

/** All tests of a report, in its order. A step is part of its test and not listed. */
export function parseJunit(xml: string): TestCase[] {
  const cases: TestCase[] = [];
  // Text inside of elements is escaped by Deno, so a "<" always begins a tag.
  for (const part of xml.split(/<testcase /).slice(1)) {
    const attributes = part.slice(0, part.indexOf(">"));
    const attribute = (name: string) => {
      return unescape(new RegExp(`(?:^|\\s)${name}="([^"]*)"`).exec(attributes)?.[1] ?? "");
    };
    const outcome = /<(failure|error)[ />]/.test(part)
      ? "failed"
      : /<skipped[ />]/.test(part)
      ? "skipped"
      : "passed";
    cases.push({
      file: attribute("classname").replace(/^\.\//, ""),
      name: attribute("name"),
      outcome,
      durationMs: Math.round(Number(attribute("time")) * 1000),
    });
  }
  return cases.filter((one) => !isStep(one, cases));
}

/** Deno lists a step as a case of its own, named `TEST > STEP`. */
function isStep(one: TestCase, all: readonly TestCase[]): boolean {
  return one.name.includes(" > ") &&
    all.some((other) => other.file === one.file && one.name.startsWith(`${other.name} > `));
}

const ENTITIES: Record<string, string> = { lt: "<", gt: ">", quot: '"', apos: "'", amp: "&" };

function unescape(text: string): string {
  return text.replace(/&(#\d+|\w+);/g, (whole, entity: string) => {
    if (entity.startsWith("#")) return String.fromCodePoint(Number(entity.slice(1)));
    return ENTITIES[entity] ?? whole;
  });
}
