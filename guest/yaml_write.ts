/** YAML for cloud-init, written so that PyYAML (which cloud-init reads with) sees exactly our values. */
import { CocoonError } from "../errors/error.ts";

/** What a cloud-init document holds. `Uint8Array` is YAML's `!!binary`. */
export type YamlValue =
  | null
  | boolean
  | number
  | string
  | Uint8Array
  | YamlNumber
  | YamlValue[]
  | YamlMap;

/** A mapping; keys are strings. */
export type YamlMap = { [key: string]: YamlValue };

/** A number in the spelling of its file, where JavaScript would lose it: `0644`, `1.0`, 2^64. */
export class YamlNumber {
  /** @param text a plain scalar without `:` that YAML 1.1 reads as a number */
  constructor(readonly text: string) {}
}

/** Deeper than any real document, and what ends a YAML alias that holds itself. */
export const MAX_YAML_DEPTH = 100;

/** Aliases may repeat content without end; real user data stays far below. */
const MAX_CHARACTERS = 16 * 1024 * 1024;

/** True for a mapping; false for a list, a scalar or binary data. */
export function isYamlMap(value: YamlValue | undefined): value is YamlMap {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Uint8Array) && !(value instanceof YamlNumber);
}

/**
 * One line of YAML in flow style. It is JSON but for what JSON lacks: `!!binary`, infinite numbers
 * and {@linkcode YamlNumber}.
 * @throws {CocoonError} `usage` when the value is nested or repeated without end
 */
export function writeYaml(value: YamlValue): string {
  const parts: string[] = [];
  let length = 0;
  const put = (text: string) => {
    parts.push(text);
    length += text.length;
    if (length > MAX_CHARACTERS) throw new CocoonError("usage", "user data: more than 16 MiB");
  };
  const walk = (node: YamlValue, depth: number): void => {
    if (depth > MAX_YAML_DEPTH) {
      throw new CocoonError("usage", `user data: nested more than ${MAX_YAML_DEPTH} levels deep`);
    }
    if (Array.isArray(node)) {
      put("[");
      node.forEach((item, i) => {
        if (i > 0) put(",");
        walk(item, depth + 1);
      });
      put("]");
    } else if (isYamlMap(node)) {
      put("{");
      Object.entries(node).forEach(([key, item], i) => {
        put(`${i > 0 ? "," : ""}${yamlString(key)}:`);
        walk(item, depth + 1);
      });
      put("}");
    } else put(yamlScalar(node));
  };
  walk(value, 0);
  return parts.join("");
}

function yamlScalar(value: null | boolean | number | string | Uint8Array | YamlNumber): string {
  if (typeof value === "string") return yamlString(value);
  if (typeof value === "number") return yamlNumber(value);
  if (value instanceof YamlNumber) return value.text;
  // The space ends the key's colon, which would be part of the tag's handle otherwise.
  if (value instanceof Uint8Array) return ` !!binary "${value.toBase64()}"`;
  return String(value);
}

/** JSON's string, with the characters escaped that YAML forbids or takes for line breaks. */
function yamlString(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\u00a0\u2028\u2029\ufeff\ufffe\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function yamlNumber(value: number): string {
  if (Number.isNaN(value)) return ".nan";
  if (!Number.isFinite(value)) return value > 0 ? ".inf" : "-.inf";
  if (Object.is(value, -0)) return "-0.0";
  // YAML 1.1 sees a number in 1.0e+21, and a string in 1e+21.
  return String(value).replace(/^(-?\d+)e/, "$1.0e");
}
