/** vmnet-helper's log (programs/log.h): a level of five letters, then the text; no time. */
import { print } from "../vfkit_lib/log.ts";

let verbose = false;

/** `--verbose`, from where it stands on the command line. */
export function setVerbose(): void {
  verbose = true;
}

export function debug(message: string): void {
  if (verbose) print(`DEBUG ${message}\n`);
}

export const info = (message: string) => print(`INFO  ${message}\n`);
export const warn = (message: string) => print(`WARN  ${message}\n`);
export const error = (message: string) => print(`ERROR ${message}\n`);
