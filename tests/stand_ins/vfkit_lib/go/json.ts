/**
 * Go's `json.Decoder`: reads the first value of a text and does not look at what comes after it,
 * with Go's words for a text that has none.
 */

/** A text that is no JSON; the message is Go's. */
export class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
}

const LITERALS = { true: true, false: false, null: null } as const;
const END = "unexpected EOF";

/** The first value. */
export function decodeFirst(text: string): unknown {
  const reader = new Reader(text);
  reader.skipBlanks();
  if (reader.atEnd) throw new JsonSyntaxError("EOF");
  return reader.value();
}

class Reader {
  #at = 0;
  constructor(readonly text: string) {}

  get atEnd(): boolean {
    return this.#at >= this.text.length;
  }

  skipBlanks(): void {
    while (" \t\r\n".includes(this.text[this.#at] ?? "x")) this.#at++;
  }

  /** The next character that is no blank. */
  #peek(): string {
    this.skipBlanks();
    const character = this.text[this.#at];
    if (character === undefined) throw new JsonSyntaxError(END);
    return character;
  }

  #wrong(where: string): JsonSyntaxError {
    const character = this.text[this.#at];
    if (character === undefined) return new JsonSyntaxError(END);
    const shown = character === "'" ? `'\\''` : character === '"' ? `'"'` : `'${character}'`;
    return new JsonSyntaxError(`invalid character ${shown} ${where}`);
  }

  value(): unknown {
    const first = this.#peek();
    if (first === "{") return this.#object();
    if (first === "[") return this.#array();
    if (first === '"') return this.#string();
    if (first === "-" || /\d/.test(first)) return this.#number();
    for (const [word, value] of Object.entries(LITERALS)) {
      if (first === word[0]) return this.#literal(word, value);
    }
    throw this.#wrong("looking for beginning of value");
  }

  #literal(word: string, value: boolean | null): boolean | null {
    for (const character of word) {
      if (this.text[this.#at] !== character) {
        throw this.#wrong(`in literal ${word} (expecting '${character}')`);
      }
      this.#at++;
    }
    return value;
  }

  #number(): number {
    const text = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/.exec(this.text.slice(this.#at))?.[0];
    if (text === undefined) {
      this.#at++;
      throw this.#wrong("in numeric literal");
    }
    this.#at += text.length;
    return Number(text);
  }

  #string(): string {
    const start = this.#at++;
    for (;; this.#at++) {
      const character = this.text[this.#at];
      if (character === undefined) throw new JsonSyntaxError(END);
      if (character === '"') break;
      if (character < " ") throw this.#wrong("in string literal");
      if (character !== "\\") continue;
      this.#at++;
      if (!'"\\/bfnrtu'.includes(this.text[this.#at] ?? '"')) {
        throw this.#wrong("in string escape code");
      }
    }
    this.#at++;
    try {
      return JSON.parse(this.text.slice(start, this.#at));
    } catch {
      throw new JsonSyntaxError("invalid character in \\u hexadecimal character escape");
    }
  }

  #array(): unknown[] {
    const values: unknown[] = [];
    this.#at++;
    if (this.#peek() === "]") {
      this.#at++;
      return values;
    }
    while (true) {
      values.push(this.value());
      const next = this.#peek();
      if (next !== "," && next !== "]") throw this.#wrong("after array element");
      this.#at++;
      if (next === "]") return values;
    }
  }

  /** Entries in their order: Go matches names without regard to case, and the last one wins. */
  #object(): Map<string, unknown> {
    const entries = new Map<string, unknown>();
    this.#at++;
    if (this.#peek() === "}") {
      this.#at++;
      return entries;
    }
    while (true) {
      if (this.#peek() !== '"') {
        throw this.#wrong("looking for beginning of object key string");
      }
      const key = this.#string();
      if (this.#peek() !== ":") throw this.#wrong("after object key");
      this.#at++;
      const value = this.value();
      entries.delete(key);
      entries.set(key, value);
      const next = this.#peek();
      if (next !== "," && next !== "}") throw this.#wrong("after object key:value pair");
      this.#at++;
      if (next === "}") return entries;
    }
  }
}
