/** Starts krunkit's stand-in, for its own tests. */
import { type RunningStandIn, type StartOptions, startStandIn } from "../vfkit_lib/testing.ts";

export const STAND_IN = new URL("../krunkit", import.meta.url).pathname;

export function startKrunkit(args: readonly string[], options: StartOptions = {}): RunningStandIn {
  return startStandIn(STAND_IN, ["--cpus", "1", ...args], options);
}

/** What comes back, in bytes, for whatever is sent in one piece. */
export async function exchange(path: string, request: string): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path });
  await connection.write(new TextEncoder().encode(request));
  let text = "";
  const decoder = new TextDecoder();
  for await (const part of connection.readable) text += decoder.decode(part, { stream: true });
  return text;
}
