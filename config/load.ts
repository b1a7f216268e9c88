import type { Host } from "../plugins/contract.ts";
import type { Config, Overrides } from "./types.ts";

/** What the configuration is made from. */
export interface LoadOptions {
  host: Pick<Host, "architecture" | "env">;
  /** The home, which holds the default file. */
  homePath: string;
  /** File of the flag `--config`. */
  file?: string;
  /** Values of the command's own flags. */
  overrides: Overrides;
}

/** Loads it. */
export function loadConfig(_options: LoadOptions): Promise<Config> {
  throw new Error("being written");
}
