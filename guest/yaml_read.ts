/** Reads a user's `#cloud-config` as cloud-init's own reader, PyYAML, would. */
import type { Schema } from "js-yaml";
import { CocoonError } from "../errors/error.ts";
import {
  isYamlMap,
  MAX_YAML_DEPTH,
  type YamlMap,
  YamlNumber,
  type YamlValue,
} from "./yaml_write.ts";

// What PyYAML takes for a boolean and a number (its resolver.py): YAML 1.1 without y and n.
const TRUE = /^(?:yes|Yes|YES|true|True|TRUE|on|On|ON)$/;
const FALSE = /^(?:no|No|NO|false|False|FALSE|off|Off|OFF)$/;
const INTEGER =
  /^(?:[-+]?0b[01_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/;
const FLOAT =
  /^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;

/** A few lines of aliases can stand for billions of values; real user data has some hundreds. */
const MAX_NODES = 1_000_000;

/**
 * The mapping that the text of a `#cloud-config` holds; empty for one of comments only. Numbers
 * keep their spelling. Dates stay text, which is what cloud-init makes of them.
 * @param file name for messages and positions
 * @throws {CocoonError} `usage`, with the position of a mistake
 */
export async function readCloudConfig(text: string, file: string): Promise<YamlMap> {
  const yaml = await import("js-yaml");
  let documents: unknown[];
  try {
    documents = yaml.loadAll(text, { schema: pyYamlSchema(yaml) });
  } catch (error) {
    if (!(error instanceof yaml.YAMLException)) throw error;
    throw new CocoonError("usage", `${file}: not valid YAML: ${error.reason}`, {
      cause: error,
      // js-yaml counts from 0.
      ...(error.mark
        ? { position: { file, line: error.mark.line + 1, column: error.mark.column + 1 } }
        : {}),
    });
  }
  if (documents.length > 1) {
    throw new CocoonError("usage", `${file}: more than one YAML document`, {
      hint: "cloud-init reads a single one: join them, and remove the lines ---.",
    });
  }
  const value = toYamlValue(documents[0], file);
  if (value === null) return {};
  if (isYamlMap(value)) return value;
  throw new CocoonError("usage", `${file}: its YAML is not a mapping of keys to values`, {
    hint: "A #cloud-config has lines such as: packages: [nginx]",
    position: { file, line: 1, column: 1 },
  });
}

function pyYamlSchema(yaml: typeof import("js-yaml")): Schema {
  const replaced = [yaml.boolYaml11Tag, yaml.intYaml11Tag, yaml.floatYaml11Tag, yaml.timestampTag];
  const number = (tagName: string, pattern: RegExp, base: typeof yaml.intYaml11Tag) =>
    yaml.defineScalarTag<number | YamlNumber>(tagName, {
      implicit: true,
      identify: () => false,
      resolve(source, isExplicit) {
        if (!pattern.test(source)) return yaml.NOT_RESOLVED;
        if (String(Number(source)) === source) return Number(source);
        // Base 60 is the one spelling that old readers refuse inside of [ ] and { }.
        if (source.includes(":")) return base.resolve(source, isExplicit, tagName);
        return new YamlNumber(source);
      },
    });
  return new yaml.Schema([
    ...yaml.YAML11_SCHEMA.tags.filter((tag) => !replaced.some((other) => other === tag)),
    yaml.defineScalarTag<boolean>("tag:yaml.org,2002:bool", {
      implicit: true,
      identify: () => false,
      resolve: (source) =>
        TRUE.test(source) ? true : FALSE.test(source) ? false : yaml.NOT_RESOLVED,
    }),
    number("tag:yaml.org,2002:int", INTEGER, yaml.intYaml11Tag),
    number("tag:yaml.org,2002:float", FLOAT, yaml.floatYaml11Tag),
  ]);
}

/** Plain values, with every alias written out. */
function toYamlValue(value: unknown, file: string): YamlValue {
  let nodes = 0;
  const convert = (node: unknown, depth: number): YamlValue => {
    if (depth > MAX_YAML_DEPTH) {
      throw new CocoonError("usage", `${file}: nested more than ${MAX_YAML_DEPTH} levels deep`);
    }
    if (++nodes > MAX_NODES) {
      throw new CocoonError("usage", `${file}: its aliases make more than ${MAX_NODES} values`);
    }
    if (node === undefined || node === null) return null;
    if (typeof node === "boolean" || typeof node === "number" || typeof node === "string") {
      return node;
    }
    if (node instanceof Uint8Array || node instanceof YamlNumber) return node;
    if (Array.isArray(node)) return node.map((item) => convert(item, depth + 1));
    if (typeof node === "object" && isPlain(node)) {
      return Object.fromEntries(
        Object.entries(node).map(([key, item]) => [key, convert(item, depth + 1)]),
      );
    }
    throw new CocoonError("usage", `${file}: uses a YAML type that cannot be merged`, {
      hint: "Write it with plain mappings, lists, text, numbers and !!binary.",
    });
  };
  return convert(value, 0);
}

function isPlain(value: object): boolean {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}
