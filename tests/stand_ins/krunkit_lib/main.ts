/** krunkit's stand-in: what the real program does, in its order. See ../README.md. */
import { StandInError } from "../mac_lib/error.ts";
import { print } from "../vfkit_lib/log.ts";
import { described, parseCommandLine } from "./command_line.ts";
import { readOptions } from "./environment.ts";
import { ClapError, KrunkitError } from "./error.ts";
import { help } from "./flag_table.ts";

/** Status of a stand-in that cannot play its part. */
const STAND_IN_FAILED = 99;

async function main(): Promise<number> {
  try {
    const options = readOptions((name) => Deno.env.get(name));
    const line = parseCommandLine(Deno.args);
    if (line === "help") console.log(help().trimEnd());
    else if (line === "version") console.log(`krunkit ${options.version}`);
    else if (options.parseOnly) console.log(`PARSED ${JSON.stringify(described(line))}`);
    else await (await import("./run.ts")).runMachine(line, options);
    return 0;
  } catch (error) {
    if (error instanceof ClapError) {
      const usage = error.usage === undefined ? "" : `Usage: ${error.usage}\n\n`;
      print(`error: ${error.message}\n\n${usage}For more information, try '--help'.\n`);
      return 2;
    }
    if (error instanceof StandInError) {
      print(`stand-in: ${error.message}\n`);
      return STAND_IN_FAILED;
    }
    if (!(error instanceof KrunkitError)) throw error;
    print(`Error: ${error.message}\n`);
    return 1;
  }
}

Deno.exit(await main());
