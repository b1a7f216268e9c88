import type { FileLocation } from "../config/load.ts";
import type { Config, Overrides } from "../config/types.ts";
import { CocoonError } from "../errors/error.ts";
import { absolute } from "../host/path.ts";
import { defaultHomePath, Home, openHome } from "../state/home.ts";
import type { Store } from "../state/store.ts";
import type { Context, GlobalFlags, Outside } from "./context.ts";

/** A {@linkcode Context} that must be closed when its command has ended. */
export interface Session extends Context, Disposable {}

/** How a session treats a home that is not there. */
export interface SessionOptions {
  /** False: the store of a home that was never used is an error. @default {true} */
  makesHome?: boolean;
}

/**
 * Joins the outside with the global flags. Costs nothing: the home, the store and the
 * configuration are opened by the first command that asks for them, and so is their code.
 */
export function openSession(
  outside: Outside,
  globals: Pick<GlobalFlags, "home" | "config">,
  { makesHome = true }: SessionOptions = {},
): Session {
  let home: Home | undefined;
  let store: Promise<Store> | undefined;
  let opened: Store | undefined;

  const openedHome = () => home ??= openHome(homePath(outside, globals.home));

  async function openStore(): Promise<Store> {
    const { databasePath } = new Home(homePath(outside, globals.home));
    if (!makesHome && !outside.host.exists(databasePath)) {
      throw new CocoonError("not-found", `${databasePath}: no such file`);
    }
    requireNamedConfig();
    const { openStore } = await import("../state/store.ts");
    return opened = openStore(openedHome());
  }

  /** Also for commands that read no configuration: a misspelt file must not go by in silence. */
  function requireNamedConfig(): void {
    const path = globals.config ?? (outside.host.env("COCOON_CONFIG") || undefined);
    if (path === undefined || !makesHome || outside.host.exists(absolute(path))) return;
    const by = globals.config === undefined ? "COCOON_CONFIG" : "--config";
    throw new CocoonError("not-found", `${absolute(path)}: no such file (named by ${by})`);
  }

  const fileOptions = () => ({
    host: outside.host,
    homePath: homePath(outside, globals.home),
    ...(globals.config === undefined ? {} : { file: globals.config }),
  });

  async function config(overrides: Overrides = {}): Promise<Config> {
    const { loadConfig } = await import("../config/load.ts");
    return await loadConfig({ ...fileOptions(), overrides });
  }

  async function configFile(): Promise<FileLocation> {
    const { locateFile } = await import("../config/load.ts");
    return locateFile(fileOptions());
  }

  return {
    host: outside.host,
    stdout: (text) => outside.stdout(text),
    stderr: (text) => outside.stderr(text),
    stdin: () => outside.stdin(),
    isTerminal: outside.isTerminal,
    columns: () => outside.columns(),
    // A getter, because asking for the signal is what installs its handlers.
    get signal() {
      return outside.signal;
    },
    home: openedHome,
    store: () => store ??= openStore(),
    config,
    configFile,
    [Symbol.dispose]: () => opened?.close(),
  };
}

/** The folder that `--home`, else the environment, names. Nothing is made. */
export function homePath(outside: Outside, flag: string | undefined): string {
  return flag ?? defaultHomePath((name) => outside.host.env(name));
}
