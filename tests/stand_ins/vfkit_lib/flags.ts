/** Reads a command line by the rules of pflag and cobra. */
import { VfkitError } from "./error.ts";
import { type Flag, type FlagName, flagsOf } from "./flag_table.ts";
import { parseCsvLine } from "./go/csv.ts";
import { parseBool, parseUint } from "./go/number.ts";
import { quote } from "./go/quote.ts";
import { splitQuoted } from "./option_list.ts";
import type { Release } from "./versions.ts";

/** What was set. */
export interface ParsedFlags {
  /** Names that the command line has. */
  given: ReadonlySet<FlagName>;
  cpus: bigint;
  /** In MiB. */
  memory: bigint;
  bootloader: string[];
  ignition: string[];
  cloudInit: string[];
  devices: string[];
  gui: boolean;
  nested: boolean;
  help: boolean;
  version: boolean;
  kernel: string;
  initrd: string;
  kernelCmdline: string;
  logLevel: string;
  pidfile: string;
  restfulUri: string;
  timesync: string;
}

/** The flag's values as they came. Other words, and all after `--`, are passed over silently. */
type RawValue = { flag: Flag; value: string };

/** @throws {VfkitError} in pflag's words */
export function parseFlags(argv: readonly string[], release: Release): ParsedFlags {
  const parsed = {
    cpus: 1n,
    memory: 512n,
    bootloader: [],
    ignition: [],
    cloudInit: [],
    devices: [],
    gui: false,
    nested: false,
    help: false,
    version: false,
    kernel: "",
    initrd: "",
    kernelCmdline: "",
    logLevel: "",
    pidfile: "",
    restfulUri: "none://",
    timesync: "",
  } as Omit<ParsedFlags, "given">; // only the empty lists need their types
  const given = new Set<FlagName>();
  for (const { flag, value } of rawValues(argv, flagsOf(release))) {
    try {
      SET[flag.name]?.(parsed, value);
    } catch (error) {
      if (!(error instanceof VfkitError)) throw error;
      const name = flag.short === undefined ? `--${flag.name}` : `-${flag.short}, --${flag.name}`;
      throw new VfkitError(
        `invalid argument ${quote(value)} for ${quote(name)} flag: ${error.message}`,
      );
    }
    // A flag of the table has one of the table's names.
    given.add(flag.name as FlagName);
  }
  return { ...parsed, given };
}

/** How each flag takes a value. A list grows, everything else keeps the last value. */
const SET: Readonly<Record<string, (parsed: Omit<ParsedFlags, "given">, value: string) => void>> = {
  cpus: (p, v) => p.cpus = parseUint(v, 0),
  memory: (p, v) => p.memory = parseUint(v, 0),
  bootloader: (p, v) => p.bootloader.push(...splitQuoted(v)),
  ignition: (p, v) => p.ignition.push(...splitQuoted(v)),
  "cloud-init": (p, v) => p.cloudInit.push(...parseCsvLine(v)),
  device: (p, v) => p.devices.push(v),
  gui: (p, v) => p.gui = parseBool(v),
  nested: (p, v) => p.nested = parseBool(v),
  help: (p, v) => p.help = parseBool(v),
  version: (p, v) => p.version = parseBool(v),
  kernel: (p, v) => p.kernel = v,
  initrd: (p, v) => p.initrd = v,
  "kernel-cmdline": (p, v) => p.kernelCmdline = v,
  "log-level": (p, v) => p.logLevel = v,
  pidfile: (p, v) => p.pidfile = v,
  "restful-uri": (p, v) => p.restfulUri = v,
  timesync: (p, v) => p.timesync = v,
};

function* rawValues(argv: readonly string[], flags: readonly Flag[]): Generator<RawValue> {
  const rest = [...argv];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === "--") return;
    if (word.startsWith("--")) yield longFlag(word, rest, flags);
    else if (word.startsWith("-") && word !== "-") yield* shortFlags(word, rest, flags);
  }
}

function longFlag(word: string, rest: string[], flags: readonly Flag[]): RawValue {
  const text = word.slice(2);
  if (text.startsWith("-") || text.startsWith("=")) {
    throw new VfkitError(`bad flag syntax: ${word}`);
  }
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const flag = flags.find((one) => one.name === name);
  if (flag === undefined) throw new VfkitError(`unknown flag: --${name}`);
  if (equals >= 0) return { flag, value: text.slice(equals + 1) };
  if (flag.kind === "bool") return { flag, value: "true" };
  const value = rest.shift();
  if (value === undefined) throw new VfkitError(`flag needs an argument: ${word}`);
  return { flag, value };
}

/** `-c2`, `-c 2`, `-c=2`, `-nc2`. */
function* shortFlags(word: string, rest: string[], flags: readonly Flag[]): Generator<RawValue> {
  for (let letters = word.slice(1); letters !== "";) {
    const [letter = ""] = letters;
    const flag = flags.find((one) => one.short === letter);
    if (flag === undefined) {
      throw new VfkitError(`unknown shorthand flag: '${letter}' in -${letters}`);
    }
    const after = letters.slice(letter.length);
    if (after.startsWith("=") && after.length > 1) {
      yield { flag, value: after.slice(1) };
      return;
    }
    if (flag.kind === "bool") {
      yield { flag, value: "true" };
      letters = after;
      continue;
    }
    const value = after === "" ? rest.shift() : after;
    if (value === undefined) {
      throw new VfkitError(`flag needs an argument: '${letter}' in -${letters}`);
    }
    yield { flag, value };
    return;
  }
}

const LEGACY_BOOT: readonly FlagName[] = ["kernel", "initrd", "kernel-cmdline"];

/**
 * The rules between flags, and the log level's.
 * @throws {VfkitError} in cobra's words
 */
export function checkFlags(flags: ParsedFlags): void {
  const missing = LEGACY_BOOT.filter((name) => !flags.given.has(name));
  if (missing.length > 0 && missing.length < LEGACY_BOOT.length) {
    throw new VfkitError(
      `if any flags in the group [${LEGACY_BOOT.join(" ")}] are set they must all be set; ` +
        `missing [${missing.sort().join(" ")}]`,
    );
  }
  if (flags.given.has("bootloader") && missing.length === 0) {
    throw new VfkitError(
      "if any flags in the group [initrd bootloader] are set none of the others can be; " +
        "[bootloader initrd] were all set",
    );
  }
  if (!["", "debug", "info", "error"].includes(flags.logLevel)) {
    throw new VfkitError(`unknown log level: ${flags.logLevel}`);
  }
}
