import assert from "node:assert/strict";
import { type FakeOptions, fakeOutside } from "../tests/support/fake_outside.ts";
import { type Column, type OutputFormat, printFacts, printList } from "./output.ts";

interface Row {
  name: string;
  bytes: number;
}

const COLUMNS: readonly Column<Row>[] = [
  { header: "NAME", cell: ({ name }) => name },
  { header: "SIZE", cell: ({ bytes }) => `${bytes}B`, align: "right" },
];
const ROWS = [{ name: "web", bytes: 5 }, { name: "a-long-name-of-a-machine", bytes: 1000 }];

function listed(rows: readonly Row[], format: OutputFormat, options: FakeOptions = {}): string {
  const outside = fakeOutside(options);
  printList(outside, format, rows, COLUMNS);
  assert.equal(outside.written.stderr, "");
  return outside.written.stdout;
}

Deno.test("printList() prints a table with a header, also when it is empty", () => {
  assert.equal(
    listed(ROWS, "table"),
    "NAME                       SIZE\n" +
      "web                          5B\n" +
      "a-long-name-of-a-machine  1000B\n",
  );
  assert.equal(listed([], "table"), "NAME  SIZE\n");
});

Deno.test("printList() cuts for a terminal, and never for a program", () => {
  const narrow = { columns: 20 };
  assert.equal(
    listed(ROWS, "table", { ...narrow, terminals: { stdout: true } }),
    "NAME            SIZE\nweb               5B\na-long-name-…  1000B\n",
  );
  assert.equal(listed(ROWS, "table", narrow), listed(ROWS, "table"));
});

Deno.test("printList() prints one JSON array, [] when it is empty", () => {
  assert.equal(
    listed(ROWS.slice(0, 1), "json"),
    '[\n  {\n    "name": "web",\n    "bytes": 5\n  }\n]\n',
  );
  assert.equal(listed([], "json"), "[]\n");
});

Deno.test("printFacts() prints names and values, or the document", () => {
  const printed = (format: OutputFormat) => {
    const outside = fakeOutside();
    printFacts(outside, format, { a: 1 }, [["a", "one"], ["longer", "two"]]);
    return outside.written.stdout;
  };
  assert.equal(printed("table"), "a       one\nlonger  two\n");
  assert.equal(printed("json"), '{\n  "a": 1\n}\n');
});
