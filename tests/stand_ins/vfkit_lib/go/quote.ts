/** Go's `%q`: a string in double quotes with the escapes of a Go literal. */

const ESCAPES: Readonly<Record<string, string>> = {
  "\x07": "\\a",
  "\b": "\\b",
  "\f": "\\f",
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\v": "\\v",
  "\\": "\\\\",
  '"': '\\"',
};

export function quote(text: string): string {
  let quoted = "";
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (ESCAPES[character] !== undefined) quoted += ESCAPES[character];
    else if (code < 0x80 && (code < 0x20 || code === 0x7f)) {
      quoted += `\\x${code.toString(16).padStart(2, "0")}`;
    } else if (!/[\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(character)) {
      quoted += code > 0xffff
        ? `\\U${code.toString(16).padStart(8, "0")}`
        : `\\u${code.toString(16).padStart(4, "0")}`;
    } else quoted += character;
  }
  return `"${quoted}"`;
}
