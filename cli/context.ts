import type { FileLocation } from "../config/load.ts";
import type { Config, Overrides } from "../config/types.ts";
import type { Host } from "../plugins/contract.ts";
import type { Home } from "../state/home.ts";
import type { Store } from "../state/store.ts";

/** Which of the standard streams are terminals. */
export interface Terminals {
  stdin: boolean;
  stdout: boolean;
  stderr: boolean;
}

/** All of the world outside that the command line touches; tests give their own. */
export interface Outside {
  host: Host;
  /**
   * Writes data; text is written as it is, so callers end their lines.
   * @throws {OutputClosed} of `outside.ts` when nobody reads it any more
   */
  stdout(text: string): void;
  /** Writes everything that is not data. That nobody reads it is no failure. */
  stderr(text: string): void;
  /** Standard input, for commands that read it. */
  stdin(): ReadableStream<Uint8Array>;
  isTerminal: Terminals;
  /** Columns of the terminal; undefined without one, or when it says 0. */
  columns(): number | undefined;
  /** Aborted with a `CocoonError` of code `interrupted` by SIGINT, SIGTERM or SIGHUP. */
  readonly signal: AbortSignal;
}

/** What a command is given: the outside, and what the global flags decide. */
export interface Context extends Outside {
  /** The folder of machines and images, opened (and made) at the first call. */
  home(): Home;
  /** The open store of {@linkcode home}; closed when the command ends. */
  store(): Promise<Store>;
  /**
   * The configuration in force; `overrides` are the command's own flags, of which undefined ones
   * count as not given.
   * @throws {CocoonError} `usage` with every mistake of the file and the environment
   */
  config(overrides?: Overrides): Promise<Config>;
  /** Where the configuration file is, or would be. */
  configFile(): Promise<FileLocation>;
}

/** Values of the flags that every command takes. */
export interface GlobalFlags {
  debug: boolean;
  home?: string;
  config?: string;
}
