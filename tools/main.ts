import { CocoonError, EXIT_CODES } from "../errors/error.ts";

/** Runs a tool's main function and ends the process as the program itself would. */
export async function runTool(main: (args: string[]) => Promise<number>): Promise<never> {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    if (!(error instanceof CocoonError)) throw error;
    console.error(`error: ${error.message}`);
    if (error.hint !== undefined) console.error(error.hint);
    Deno.exit(EXIT_CODES[error.code]);
  }
}

/** The folder of the repository, without a slash at the end. */
export const REPOSITORY = new URL("..", import.meta.url).pathname.replace(/\/$/, "");
