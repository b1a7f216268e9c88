/** vmnet-helper's command line, acted on in its order (programs/options.c). */
import { HelperError } from "./error.ts";
import { getopt } from "./getopt.ts";
import { setVerbose } from "./log.ts";
import { optionsOf } from "./option_table.ts";
import { inetAton, isInt, parseUuid, strtol } from "./values.ts";
import { validate } from "./validate.ts";
import type { Release } from "./versions.ts";

export type Mode = "shared" | "bridged" | "host";

/** What was understood. */
export interface Settings {
  fd?: number;
  socket?: string;
  /** In upper case. */
  interfaceId?: string;
  mode?: Mode;
  sharedInterface?: string;
  start?: string;
  end?: string;
  mask?: string;
  network?: string;
  isolated: boolean;
  tso: boolean;
  checksumOffload: boolean;
  statsSeconds?: number;
}

/** `help`, `version` and `list` end the parsing where they stand. */
export type Outcome = Settings | "help" | "version" | "list";

/** macOS's `sun_path` with its final zero has 104 bytes. */
const SOCKET_BYTES = 103;

/** @throws {HelperError} */
export function parseCommandLine(args: readonly string[], release: Release): Outcome {
  const settings: Settings = { isolated: false, tso: false, checksumOffload: false };
  for (const found of getopt(args, optionsOf(release))) {
    if (found.kind !== "option") {
      throw new HelperError(
        found.kind === "unknown"
          ? `Invalid option: ${found.word}`
          : `Option ${found.word} requires an argument`,
      );
    }
    const ended = take(settings, found.option.long, found.value, found.word);
    if (ended !== undefined) return ended;
  }
  validate(settings, release);
  return settings;
}

function take(
  settings: Settings,
  name: string,
  value: string,
  word: string,
): "help" | "version" | "list" | undefined {
  switch (name) {
    case "help":
    case "version":
      return name;
    case "list-shared-interfaces":
      return "list";
    case "fd":
      settings.fd = parseFd(value);
      break;
    case "socket":
      settings.socket = parseSocket(value);
      break;
    case "interface-id": {
      const id = parseUuid(value);
      if (id === undefined) throw new HelperError(`Invalid interface-id: "${value}"`);
      if (id === "unset") delete settings.interfaceId;
      else settings.interfaceId = id;
      break;
    }
    case "operation-mode":
      if (value !== "shared" && value !== "bridged" && value !== "host") {
        throw new HelperError(`Invalid ${word}: "${value}"`);
      }
      settings.mode = value;
      break;
    case "shared-interface":
      settings.sharedInterface = value;
      break;
    case "start-address":
      settings.start = parseAddress(value, word);
      break;
    case "end-address":
      settings.end = parseAddress(value, word);
      break;
    case "subnet-mask":
      settings.mask = parseAddress(value, word);
      break;
    case "enable-tso":
      settings.tso = true;
      break;
    case "enable-checksum-offload":
      settings.checksumOffload = true;
      break;
    case "enable-isolation":
      settings.isolated = true;
      break;
    case "network":
      settings.network = value;
      break;
    case "stats-interval": {
      const seconds = strtol(value);
      if (!isInt(seconds, 1n)) {
        throw new HelperError(`Invalid --stats value '${value}': must be a positive integer`);
      }
      settings.statsSeconds = Number(seconds.value);
      break;
    }
    case "verbose":
      setVerbose();
  }
  return undefined;
}

function parseFd(text: string): number {
  const parsed = strtol(text);
  if (parsed.failure !== undefined) {
    throw new HelperError(`Invalid fd '${text}': ${parsed.failure}`, true);
  }
  if (!isInt(parsed, 0n)) throw new HelperError(`Invalid fd '${text}'`, true);
  return Number(parsed.value);
}

function parseSocket(text: string): string {
  const { length } = new TextEncoder().encode(text);
  if (length > SOCKET_BYTES) {
    throw new HelperError(`Socket "${text}" too long (${length} > ${SOCKET_BYTES})`, true);
  }
  return text;
}

/** @param word an own flaw: `--start-address=X` is named with its value */
function parseAddress(text: string, word: string): string {
  if (inetAton(text) === undefined) throw new HelperError(`Invalid ${word}: "${text}"`);
  return text;
}
