import manifest from "../deno.json" with { type: "json" };

/** The version of cocoon; `deno.json` is the one place where it is written. */
export const VERSION: string = manifest.version;
