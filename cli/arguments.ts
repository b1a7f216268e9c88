/** Flags and arguments that several commands share, in the parser's notation. */
import type { TypedFlagParameter } from "@stricli/core";
import type { Frame } from "./command.ts";
import type { OutputFormat } from "./output.ts";
import type { Proposer } from "./plugin_names.ts";
import type { ProgressMode } from "./progress.ts";

/** `--output table|json`, for commands that print data; with {@linkcode OUTPUT_ALIAS}. */
export const outputFlag: { output: TypedFlagParameter<OutputFormat, Frame> } = {
  output: {
    kind: "enum",
    values: ["table", "json"],
    default: "table",
    brief: "Form of the data on standard output",
  },
};

/** `-o` for `--output`. */
export const OUTPUT_ALIAS = { o: "output" } as const;

/** Values of {@linkcode outputFlag}. */
export interface OutputFlag {
  output: OutputFormat;
}

/** `--progress auto|json|none`, for commands that take long over many bytes. */
export const progressFlag: { progress: TypedFlagParameter<ProgressMode, Frame> } = {
  progress: {
    kind: "enum",
    values: ["auto", "json", "none"],
    default: "auto",
    brief: "Form of the progress on standard error",
  },
};

/** Values of {@linkcode progressFlag}. */
export interface ProgressFlag {
  progress: ProgressMode;
}

/** A flag that may be given once, with a value of its own kind. */
export interface ValueFlag<T> {
  kind: "parsed";
  parse(input: string): T;
  optional: true;
  placeholder: string;
  brief: string;
  /** Words that the value can be, for completion; absent = none are known. */
  proposeCompletions?: Proposer;
}

/** Declares a {@linkcode ValueFlag}; `parse` throws a `RangeError` that says what it expected. */
export function valueFlag<T>(
  brief: string,
  placeholder: string,
  parse: (input: string) => T,
): ValueFlag<T> {
  return { kind: "parsed", parse, optional: true, placeholder, brief };
}

/** A flag for any text, with what completes it. */
export function textFlag(
  brief: string,
  placeholder: string,
  proposeCompletions?: Proposer,
): ValueFlag<string> {
  const flag = valueFlag(brief, placeholder, String);
  return proposeCompletions === undefined ? flag : { ...flag, proposeCompletions };
}

/** A flag for a whole number of at least `minimum`. */
export function integerFlag(brief: string, minimum: number): ValueFlag<number> {
  return valueFlag(brief, "N", (input) => {
    const value = Number(input);
    if (!/^\d+$/.test(input) || !Number.isSafeInteger(value) || value < minimum) {
      throw new RangeError(`expected a whole number of at least ${minimum}, got "${input}"`);
    }
    return value;
  });
}

/** A flag that is given or not. */
export function switchFlag(brief: string): {
  kind: "boolean";
  default: false;
  withNegated: false;
  brief: string;
} {
  return { kind: "boolean", default: false, withNegated: false, brief };
}

/** A text that may be given several times. */
export function repeatedFlag<T>(
  brief: string,
  placeholder: string,
  parse: (input: string) => T,
): {
  kind: "parsed";
  parse(input: string): T;
  variadic: true;
  optional: true;
  placeholder: string;
  brief: string;
} {
  return { kind: "parsed", parse, variadic: true, optional: true, placeholder, brief };
}

/** Completes names of machines. */
async function machineNames(this: Frame, partial: string): Promise<readonly string[]> {
  return isFlag(partial) ? [] : (await this.context.store()).machines.names();
}

/** Completes names of images. */
async function imageNames(this: Frame, partial: string): Promise<readonly string[]> {
  if (isFlag(partial)) return [];
  return (await this.context.store()).images.tags();
}

/** Completes names of images that are here or can be got by name. */
async function knownImageNames(this: Frame, partial: string): Promise<readonly string[]> {
  if (isFlag(partial)) return [];
  const { catalogueOf } = await import("./image/names.ts");
  const catalogue = catalogueOf(this.context, await this.context.config());
  // Whoever types the first command of all has no store yet.
  const stored = await this.context.store().then((store) => store.images.tags(), () => []);
  return [...new Set([...stored, ...catalogue.images().map(({ name }) => name)])];
}

/** No name begins so; the store need not be opened. */
function isFlag(partial: string): boolean {
  return partial.startsWith("-");
}

interface Positional {
  parse(input: string): string;
  placeholder: string;
  brief: string;
  proposeCompletions(this: Frame, partial: string): Promise<readonly string[]>;
}

/** One machine. */
export const machineArgument: Positional = {
  parse: nonEmpty,
  placeholder: "MACHINE",
  brief: "Name, id, or the first 3 or more characters of the id",
  proposeCompletions: machineNames,
};

/** One machine, or the image of a machine that is to be made; none with `--kernel`. */
export const machineOrImageArgument: Positional & { optional: true } = {
  parse: nonEmpty,
  placeholder: "MACHINE|IMAGE",
  brief: "Name or id of a machine, or an image that is stored",
  async proposeCompletions(partial) {
    return [
      ...await machineNames.call(this, partial),
      ...await imageNames.call(this, partial),
    ];
  },
  optional: true,
};

/** One image that is here already. */
export const imageArgument: Positional = {
  parse: nonEmpty,
  placeholder: "IMAGE",
  brief: "Name, digest, or the first 12 or more digits of the digest",
  proposeCompletions: imageNames,
};

/** One image that is here, or that can be got. */
export const anyImageArgument: Positional = {
  ...imageArgument,
  brief: "Name, path of a file, URL, or reference of a registry",
  proposeCompletions: knownImageNames,
};

/** One or more machines. */
export const machineArguments: { kind: "array"; minimum: 1; parameter: Positional } = {
  kind: "array",
  minimum: 1,
  parameter: machineArgument,
};

/** One or more images. */
export const imageArguments: { kind: "array"; minimum: 1; parameter: Positional } = {
  kind: "array",
  minimum: 1,
  parameter: imageArgument,
};

function nonEmpty(input: string): string {
  if (input === "") throw new RangeError("expected a name, got an empty text");
  return input;
}
