/** gvproxy as it is on macOS: a stand-in around the real one. */
import { gvproxyProgram } from "./trixie.ts";

/** The stand-in's path. */
export const GVPROXY = new URL("../stand_ins/gvproxy", import.meta.url).pathname;

/** The environment that it needs. */
export async function gvproxyOfMac(): Promise<Record<string, string>> {
  return { COCOON_DENO: Deno.execPath(), STAND_IN_GVPROXY: await gvproxyProgram() };
}
