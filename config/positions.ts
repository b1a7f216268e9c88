/**
 * Where the keys and values of a TOML text are. Its parser keeps positions and is slower than the
 * one that reads configurations, so this is loaded only when there is something to point at.
 */
import { type AST, parseTOML } from "toml-eslint-parser";

/** A place in a text; lines and columns count from 1. */
export interface Place {
  line: number;
  column: number;
}

/** The place of a key, and that of its value. */
export interface Places {
  key: Place;
  value: Place;
}

/** The places of all keys of a text, by path. */
export class PlaceIndex {
  readonly #places = new Map<string, Places>();

  /** @param text a text that is TOML; what is not in it has no place */
  constructor(text: string) {
    for (const part of parseTOML(text).body[0].body) {
      if (part.type === "TOMLKeyValue") this.#addPair([], part);
      else this.#addTable(part);
    }
  }

  /** The place of the longest beginning of `path` that is in the text. */
  find(path: readonly string[], which: keyof Places): Place | undefined {
    const places = this.#places.get(keyOf(path));
    if (places !== undefined) return places[which];
    return path.length > 1 ? this.find(path.slice(0, -1), "key") : undefined;
  }

  /** Whether the text gives this very key. */
  has(path: readonly string[]): boolean {
    return this.#places.has(keyOf(path));
  }

  #addTable(table: AST.TOMLTable): void {
    // `[a.b]` says where `a` is too, unless `[a]` itself has said so before. The resolved key has
    // the indexes of arrays of tables after the names that stand in the brackets.
    const names = [...table.key.keys];
    let path: readonly string[] = [];
    let place = placeOf(table);
    for (const part of table.resolvedKey) {
      const name = typeof part === "string" ? names.shift() : undefined;
      if (name !== undefined) place = placeOf(name);
      path = [...path, String(part)];
      this.#add(path, { key: place, value: placeOf(table) });
    }
    for (const pair of table.body) this.#addPair(path, pair);
  }

  #addPair(table: readonly string[], pair: AST.TOMLKeyValue): void {
    this.#addValue(this.#addNames(table, pair.key, pair.value), pair.value);
  }

  #addNames(
    table: readonly string[],
    { keys }: AST.TOMLKey,
    value: AST.TOMLNode,
  ): readonly string[] {
    let path = table;
    for (const key of keys) {
      path = [...path, key.type === "TOMLBare" ? key.name : key.value];
      this.#add(path, { key: placeOf(key), value: placeOf(value) });
    }
    return path;
  }

  #addValue(path: readonly string[], value: AST.TOMLContentNode): void {
    if (value.type === "TOMLInlineTable") {
      for (const pair of value.body) this.#addPair(path, pair);
    } else if (value.type === "TOMLArray") {
      value.elements.forEach((element, index) => {
        const place = placeOf(element);
        this.#add([...path, String(index)], { key: place, value: place });
        this.#addValue([...path, String(index)], element);
      });
    }
  }

  #add(path: readonly string[], places: Places): void {
    const key = keyOf(path);
    if (!this.#places.has(key)) this.#places.set(key, places);
  }
}

/** One string a path; the separator is in no key that could be meant. */
function keyOf(path: readonly string[]): string {
  return JSON.stringify(path);
}

/** The parser counts columns from 0. */
function placeOf({ loc }: { loc: AST.SourceLocation }): Place {
  return { line: loc.start.line, column: loc.start.column + 1 };
}
