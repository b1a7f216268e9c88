/**
 * krunkit's REST API (its status.rs), over a Unix socket. It reads a request once and looks for
 * the word POST anywhere in it: then it presses the power button, whatever was asked for; else it
 * says that the machine runs, from before its start to its end. Its JSON has a NUL behind it.
 */
import { RestError } from "../rest_error.ts";
import { send } from "../unix_http.ts";

/** What krunkit says of its machine. */
export type KrunkitState = "Running" | "Stopping";

const PATH = "/vm/state";

/**
 * What krunkit says of the machine.
 * @throws {RestError}
 */
export async function getState(socketPath: string, timeoutMs: number): Promise<KrunkitState> {
  return parse(await send(socketPath, "GET", PATH, undefined, timeoutMs));
}

/**
 * Presses the power button, which a guest may ignore. The body is for a krunkit that reads it.
 * @throws {RestError}
 */
export async function pressPowerButton(socketPath: string, timeoutMs: number): Promise<void> {
  const body = JSON.stringify({ state: "Stop" });
  const state = parse(await send(socketPath, "POST", PATH, body, timeoutMs));
  if (state !== "Stopping") {
    throw new RestError("refused", `it was asked to stop, and says that it is ${state}`, 200);
  }
}

function parse({ status, text }: { status: number; text: string }): KrunkitState {
  let state: unknown;
  try {
    const value: unknown = JSON.parse(text.replace(/\0+$/, ""));
    if (typeof value === "object" && value !== null && "state" in value) state = value.state;
  } catch { /* said below */ }
  if (status === 200 && state === "VirtualMachineStateRunning") return "Running";
  if (status === 200 && state === "VirtualMachineStateStopping") return "Stopping";
  const excerpt = JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
  throw new RestError("garbage", `status ${status}: ${excerpt}`, status);
}
