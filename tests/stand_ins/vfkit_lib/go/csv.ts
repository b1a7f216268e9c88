/** Go's `encoding/csv`, one record: how pflag splits the value of a `strings` flag. */
import { VfkitError } from "../error.ts";

/** @throws {VfkitError} in Go's words */
export function parseCsvLine(text: string): string[] {
  if (text === "") return [];
  const [line = ""] = text.split("\n");
  const fields: string[] = [];
  let at = 0;
  const failure = (offset: number, why: string) =>
    new VfkitError(`parse error on line 1, column ${offset + 1}: ${why}`);
  while (true) {
    if (line[at] !== '"') {
      const comma = line.indexOf(",", at);
      const field = comma < 0 ? line.slice(at) : line.slice(at, comma);
      const bare = field.indexOf('"');
      if (bare >= 0) throw failure(at + bare, 'bare " in non-quoted field');
      fields.push(field);
      if (comma < 0) return fields;
      at = comma + 1;
      continue;
    }
    let field = "";
    at++;
    while (true) {
      const end = line.indexOf('"', at);
      if (end < 0) throw failure(line.length, 'extraneous or missing " in quoted-field');
      field += line.slice(at, end);
      at = end + 1;
      if (line[at] !== '"') break;
      // A doubled quote is a quote.
      field += '"';
      at++;
    }
    fields.push(field);
    if (at === line.length) return fields;
    if (line[at] !== ",") throw failure(at - 1, 'extraneous or missing " in quoted-field');
    at++;
  }
}
