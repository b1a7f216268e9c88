/** Loads a plugin of the user's: a module that may be wrong in every way there is. */
import { CocoonError, messageOf } from "../errors/error.ts";
import { addPrecaution, runForeign } from "../host/foreign_code.ts";
import type { PluginKind } from "./contract.ts";

/**
 * Milliseconds that a module has to be loaded. One that looks at files or runs a program meanwhile
 * needs a few seconds at most; one that waits for the network or for a lock may never end.
 */
const LOAD_TIMEOUT_MS = 30_000;

const HINT = "Mend the plugin; see docs/plugins.md.";

/** The exports of modules by path. A module is evaluated once, and one that hangs hangs for all. */
const loaded = new Map<string, Promise<unknown>>();

/** A plugin of the user's: `[plugins.NAME]`. */
export interface UserPlugin {
  name: string;
  kind: PluginKind;
  /** Absolute path of the module. */
  path: string;
}

/**
 * The default export of a plugin's module; whether it is a plugin is for the caller to see.
 * @throws {CocoonError} `not-found` when the file is gone, `usage` when it imports from a registry,
 * `failed` when it throws, exits, or has not ended within `timeoutMs`
 */
export async function loadUserPlugin(
  { name, path }: UserPlugin,
  timeoutMs = LOAD_TIMEOUT_MS,
): Promise<unknown> {
  const who = `plugin "${name}" (${path})`;
  try {
    const file = await Deno.realPath(path);
    const url = fileUrl(file);
    const { refuseRegistries } = await import("./imports.ts");
    await refuseRegistries(who, url);
    let exported = loaded.get(file);
    if (exported === undefined) {
      exported = runForeign(() => withDeadline(importDefault(url), timeoutMs));
      loaded.set(file, exported);
    }
    return await exported;
  } catch (cause) {
    if (cause instanceof CocoonError) throw cause;
    if (cause instanceof Deno.errors.NotFound) {
      throw new CocoonError("not-found", `${who}: the file does not exist`, {
        hint: `Correct the path in [plugins.${name}].`,
        cause,
      });
    }
    throw new CocoonError("failed", `${who}: cannot be loaded: ${plain(messageOf(cause))}`, {
      hint: HINT,
      cause,
    });
  }
}

async function importDefault(url: string): Promise<unknown> {
  const module = await import(url);
  return module.default;
}

async function withDeadline<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    // The timer also keeps Deno from ending by itself, with its own words, when the module waits
    // for something that cannot come.
    return await Promise.race([
      work,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => {
          // It goes on waiting, and so must cocoon have something to wait for until it ends.
          setInterval(() => {}, timeoutMs);
          reject(new Error(`it has not ended after ${timeoutMs / 1000} s`));
        }, timeoutMs);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** A plugin that ended cocoon would make a command succeed that has done nothing. */
let realExit: typeof Deno.exit | undefined;
addPrecaution({
  before() {
    if (realExit !== undefined) return;
    realExit = Deno.exit;
    // Node's ways to exit come to this one.
    Deno.exit = () => {
      throw new Error("it calls exit() while it is loaded");
    };
  },
  after() {
    if (realExit !== undefined) Deno.exit = realExit;
    realExit = undefined;
  },
});

/** Deno paints the places in its messages. */
function plain(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/\x1b\[[0-9;]*m/g, "");
}

/** Characters such as `#`, `?` and `%` are names of files and would be syntax in a URL. */
function fileUrl(absolutePath: string): string {
  return `file://${absolutePath.split("/").map(encodeURIComponent).join("/")}`;
}
