/** vmnet-helper's stand-in: what the real program does, in its order. See ../README.md. */
import { StandInError } from "../mac_lib/error.ts";
import { print, write } from "../vfkit_lib/log.ts";
import { parseCommandLine } from "./command_line.ts";
import { readOptions, type StandInOptions } from "./environment.ts";
import { HelperError } from "./error.ts";
import { sharedInterfaces } from "./interface.ts";
import { links } from "./links.ts";
import * as log from "./log.ts";
import { usage } from "./option_table.ts";
import { run } from "./run.ts";

/** Status of a stand-in that cannot play its part. */
const STAND_IN_FAILED = 99;
/** Of v0.13.0. */
const COMMIT = "222c121ba31e49856c9ec6c3a14426b49d77c8fe";

async function main(): Promise<number> {
  let options: StandInOptions | undefined;
  try {
    options = readOptions((name) => Deno.env.get(name));
    const { release } = options;
    const settings = parseCommandLine(Deno.args, release);
    if (settings === "help") {
      print(usage(release));
      return 0;
    }
    if (settings === "version") {
      const commit = release.has("commitInVersion");
      const text = `v${release.text}`;
      write(Deno.stdout, commit ? `version: ${text}\ncommit: ${COMMIT}\n` : `${text}\n`);
      return 0;
    }
    if (settings === "list") {
      const names = sharedInterfaces(await links(), options);
      write(Deno.stdout, names.map((name) => `${name}\n`).join(""));
      return 0;
    }
    return await run(settings, options);
  } catch (error) {
    if (error instanceof StandInError) {
      print(`stand-in: ${error.message}\n`);
      return STAND_IN_FAILED;
    }
    if (!(error instanceof HelperError)) throw error;
    log.error(error.message);
    if (error.withUsage && options !== undefined) print(usage(options.release));
    return 1;
  }
}

Deno.exit(await main());
