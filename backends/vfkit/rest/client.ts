/**
 * vfkit's REST API (its doc/usage.md and pkg/rest), over a Unix socket. Knows nothing of machines.
 *
 * Every call opens a connection of its own and has a deadline of its own. vfkit serves before the
 * machine is started, so the first states may be `Stopped` or `Starting`; the end of a machine is
 * the end of the process, which no state tells.
 */
import { RestError } from "../../rest_error.ts";
import { type Answer, send } from "../../unix_http.ts";

/** vfkit's word for a state, without the `VirtualMachineState` before it. */
export const VFKIT_STATES = [
  "Stopped",
  "Running",
  "Paused",
  "Error",
  "Starting",
  "Pausing",
  "Resuming",
  "Stopping",
  "Saving",
  "Restoring",
] as const;

/** A state of Virtualization.framework's machine. */
export type VfkitState = typeof VFKIT_STATES[number];

/** A change that can be asked for. `Stop` presses the power button; `HardStop` cuts the power. */
export type VfkitChange = "Stop" | "HardStop" | "Pause" | "Resume";

/** A device in the answer of `/vm/inspect`; which other fields it has depends on its kind. */
export interface VfkitDevice {
  kind: string;
  /** Of a console on a pseudo terminal, once the machine has started. */
  ptyName?: string;
  [field: string]: unknown;
}

/** The answer of `/vm/inspect`, as far as it is read. */
export interface VfkitConfiguration {
  vcpus: number;
  memoryBytes: number;
  /** In the order of the command line. */
  devices: VfkitDevice[];
}

/**
 * The machine's state.
 * @throws {RestError}
 */
export async function getState(socketPath: string, timeoutMs: number): Promise<VfkitState> {
  const answer = object(await send(socketPath, "GET", "/vm/state", undefined, timeoutMs), 200);
  const word = typeof answer["state"] === "string"
    ? answer["state"].replace(/^VirtualMachineState/, "")
    : undefined;
  const state = VFKIT_STATES.find((known) => known === word);
  if (state === undefined) {
    throw new RestError("garbage", `unknown state ${JSON.stringify(answer["state"])}`, 200);
  }
  return state;
}

/**
 * The machine as it is now.
 * @throws {RestError}
 */
export async function inspect(
  socketPath: string,
  timeoutMs: number,
): Promise<VfkitConfiguration> {
  const answer = object(await send(socketPath, "GET", "/vm/inspect", undefined, timeoutMs), 200);
  const { vcpus, memoryBytes, devices = [] } = answer;
  if (
    typeof vcpus !== "number" || typeof memoryBytes !== "number" || !Array.isArray(devices) ||
    !devices.every(isDevice)
  ) {
    throw new RestError("garbage", "/vm/inspect: not a machine's configuration", 200);
  }
  return { vcpus, memoryBytes, devices };
}

/**
 * Asks for a change; resolves when vfkit has accepted it, not when it has happened. A guest may
 * ignore `Stop`. After `HardStop` the process may end before its answer is written, which is the
 * reason `closed`: whether the machine is gone is then seen from the process.
 * @throws {RestError} `refused` when the machine's state does not allow it
 */
export async function changeState(
  socketPath: string,
  change: VfkitChange,
  timeoutMs: number,
): Promise<void> {
  const body = JSON.stringify({ state: change });
  const answer = await send(socketPath, "POST", "/vm/state", body, timeoutMs);
  // usage.md says 200; the code answers 202.
  if (answer.status === 202 || answer.status === 200) return;
  throw refusal(answer);
}

function object(answer: Answer, wanted: number): Record<string, unknown> {
  if (answer.status !== wanted) throw refusal(answer);
  try {
    const value: unknown = JSON.parse(answer.text);
    if (isObject(value)) return value;
  } catch { /* said below */ }
  throw new RestError("garbage", `not JSON: ${excerpt(answer.text)}`, answer.status);
}

/** vfkit's own errors are `{"error": TEXT}` with status 400 or 500. */
function refusal({ status, text }: Answer): RestError {
  let said: unknown;
  try {
    const value: unknown = JSON.parse(text);
    if (isObject(value)) said = value["error"];
  } catch { /* another server's page */ }
  return typeof said === "string"
    ? new RestError("refused", said, status)
    : new RestError("garbage", `status ${status}: ${excerpt(text)}`, status);
}

function isDevice(value: unknown): value is VfkitDevice {
  return isObject(value) && typeof value["kind"] === "string" &&
    (value["ptyName"] === undefined || typeof value["ptyName"] === "string");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function excerpt(text: string): string {
  return JSON.stringify(text.length > 200 ? `${text.slice(0, 200)}...` : text);
}
