/**
 * The shape of the configuration file. Loaded only when there is a file or an override to check,
 * because a schema library takes longer to load than everything that most commands do.
 */
import * as v from "valibot";
import { messageOf } from "../errors/error.ts";
import { parseDuration } from "./duration.ts";
import { parseSize } from "./size.ts";
import { USER_NAME, USER_NAME_EXPECTED } from "./user_name.ts";

/** A parsed file before it is checked. */
export type FileInput = Record<string, unknown>;

/** At most this many CPUs: QEMU's limit of the `virt` and `q35` machines is not above it. */
const MAX_CPUS = 512;

function text(pattern: RegExp, expected: string, description: string) {
  return v.pipe(v.string(expected), v.regex(pattern, expected), v.description(description));
}

/** A text that a parser of our own turns into a number; its complaint is the message. */
function parsed(parse: (text: string) => number, expected: string, description: string) {
  return v.pipe(
    v.string(`expected ${expected}`),
    v.description(description),
    v.rawTransform(({ dataset, addIssue, NEVER }) => {
      try {
        return parse(dataset.value);
      } catch (error) {
        addIssue({ message: messageOf(error) });
        return NEVER;
      }
    }),
  );
}

function oneOf<const T extends readonly [string, ...string[]]>(values: T, description: string) {
  const list = values.map((value) => `"${value}"`).join(", ");
  return v.pipe(v.picklist(values, `expected one of ${list}`), v.description(description));
}

const PLUGIN_NAME = /^[a-z][a-z0-9-]{0,30}$/;
const PLUGIN_NAME_EXPECTED = "expected a name of lower-case letters, digits and -";

function pluginName(description: string) {
  return text(PLUGIN_NAME, PLUGIN_NAME_EXPECTED, description);
}

const name = pluginName("A name");
const architecture = (description: string) => oneOf(["x86_64", "aarch64"], description);

/** The name of an image; without a slash, so that it is never taken for a path or a URL. */
const imageName = text(
  /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/,
  "expected a name of letters, digits and . _ : -",
  "Name of an image",
);

const size = (description: string) =>
  v.pipe(
    parsed(parseSize, 'a size in quotes, such as "512M" or "2G"', description),
    v.minValue(1, "expected a size above 0"),
  );
const duration = (description: string) =>
  parsed(parseDuration, 'a time in quotes, such as "90s" or "5m"', description);

const defaults = v.pipe(
  v.strictObject({
    cpus: v.optional(v.pipe(
      v.number("expected a whole number of CPUs"),
      v.integer("expected a whole number of CPUs"),
      v.minValue(1, "expected at least 1 CPU"),
      v.maxValue(MAX_CPUS, `expected at most ${MAX_CPUS} CPUs`),
      v.description("Virtual CPUs"),
    )),
    memory: v.optional(size("Memory")),
    disk: v.optional(size("Size of the root disk")),
    user: v.optional(text(
      USER_NAME,
      USER_NAME_EXPECTED,
      "Account that is made in the guest",
    )),
    restart: v.optional(oneOf(
      ["no", "on-failure", "always"],
      "What is done when a machine ends although nobody asked it to",
    )),
    architecture: v.optional(architecture("Architecture of machines")),
    stop_timeout: v.optional(duration("How long a guest may take to shut down")),
    wait_timeout: v.optional(duration("How long --wait waits")),
  }, "expected a table"),
  v.description("What a new machine gets unless its flags say otherwise"),
);

/** A table whose keys are the plugin's business. */
const settings = v.record(v.string(), v.unknown(), "expected a table");

const network = v.looseObject({
  provider: v.optional(pluginName("Name of the network provider; by default the network's own")),
}, "expected a table");

const plugin = v.strictObject({
  kind: oneOf(["backend", "network", "storage"], "What the plugin is"),
  path: text(/./, "expected a path", "Its module; relative to this file"),
}, "expected a table");

const source = text(/./, "expected a URL or a path", "A URL, or a path relative to this file");
const httpUrl = (description: string) =>
  text(/^https?:\/\/./, "expected an http(s) URL", description);

/** What vouches for a source. */
const vouchers = {
  sha256: v.optional(text(
    /^[0-9a-fA-F]{64}$/,
    "expected 64 hexadecimal digits",
    "SHA-256 of what the source gives",
  )),
  checksum: v.optional(httpUrl("File of its publisher that has its digest")),
  signature: v.optional(text(
    /^(clearsigned$|https?:\/\/.)/,
    'expected an http(s) URL or "clearsigned"',
    "Signature of that file, or clearsigned when the file carries it itself",
  )),
};

const imageSource = v.strictObject({ source, ...vouchers }, "expected a table");

const imageKey = v.strictObject({
  fingerprint: text(
    /^([0-9a-fA-F]{40}|[0-9a-fA-F]{64})$/,
    "expected 40 or 64 hexadecimal digits",
    "Fingerprint of the primary key",
  ),
  source: text(/./, "expected a URL or a path", "The key; believed only if it has the fingerprint"),
}, "expected a table");

const image = v.strictObject({
  source: v.optional(source),
  ...vouchers,
  architecture: v.optional(architecture("Architecture of the image")),
  x86_64: v.optional(v.pipe(imageSource, v.description("The image for x86_64"))),
  aarch64: v.optional(v.pipe(imageSource, v.description("The image for aarch64"))),
  keys: v.optional(v.pipe(
    v.array(imageKey, "expected a list of tables"),
    v.description("Keys that may sign the checksum file"),
  )),
  title: v.optional(text(/./, "expected a text", "What the image is, for people")),
  aliases: v.optional(v.pipe(
    v.array(imageName, "expected a list of names"),
    v.description("Other names for it"),
  )),
  default_user: v.optional(text(/./, "expected a name", "Account that its publisher documents")),
  minimum_disk: v.optional(size("Smallest root disk of a machine of it")),
}, "expected a table");

const store = v.pipe(
  v.strictObject({
    image_budget: v.optional(size("What images may take before the least recently used go")),
  }, "expected a table"),
  v.description("How much is kept"),
);

const table = <const K extends typeof name | typeof imageName, const S extends v.GenericSchema>(
  key: K,
  value: S,
  description: string,
) => v.pipe(v.record(key, value, "expected a table"), v.description(description));

/** Entries of the file's top level. */
export const ENTRIES = {
  backend: v.optional(pluginName("Backend of new machines")),
  network: v.optional(pluginName("Network of new machines")),
  storage: v.optional(pluginName("Storage driver of new machines")),
  defaults: v.optional(defaults),
  backends: v.optional(table(name, settings, "Settings of backends, by backend")),
  networks: v.optional(table(name, network, "Networks that machines can be plugged into")),
  plugins: v.optional(table(name, plugin, "Plugins of your own")),
  images: v.optional(table(imageName, image, "Names for images")),
  store: v.optional(store),
};

/** The whole file. */
export const FILE_SCHEMA = v.strictObject(ENTRIES, "expected a table");

/** A checked file: sizes in bytes, times in milliseconds. */
export type FileOutput = v.InferOutput<typeof FILE_SCHEMA>;

/** Keys that a table may have, by the table's path; undefined where any key is fine. */
export function knownKeys(path: readonly string[]): string[] | undefined {
  const [first, second] = path;
  if (first === undefined) return Object.keys(ENTRIES);
  if (first === "defaults" && path.length === 1) return Object.keys(defaults.pipe[0].entries);
  if (first === "store" && path.length === 1) return Object.keys(store.pipe[0].entries);
  if (second === undefined) return undefined;
  if (first === "images") return knownImageKeys(path.slice(2));
  if (first === "plugins" && path.length === 2) return Object.keys(plugin.entries);
  return undefined;
}

/** Like {@linkcode knownKeys}, below one image's table. */
function knownImageKeys(path: readonly string[]): string[] | undefined {
  const [key] = path;
  if (key === undefined) return Object.keys(image.entries);
  if (key === "x86_64" || key === "aarch64") return Object.keys(imageSource.entries);
  return key === "keys" && path.length === 2 ? Object.keys(imageKey.entries) : undefined;
}
