import { CocoonError } from "../../errors/error.ts";
import type { Control, ControlEndpoint, GuestState } from "../../plugins/contract.ts";
import { changeState, getState, inspect, type VfkitState } from "./rest/client.ts";
import { RestError } from "../rest_error.ts";

/**
 * `Stopped` is the state before the start; the one after the end is practically never seen, because
 * the process ends. So it never says that a machine is gone. `Error` is followed by the end.
 */
const STATES: Record<VfkitState, GuestState> = {
  Stopped: "starting",
  Starting: "starting",
  Restoring: "starting",
  Running: "running",
  Pausing: "running",
  Paused: "paused",
  Resuming: "paused",
  Saving: "paused",
  Stopping: "stopping",
  Error: "stopping",
};

/** Milliseconds between two looks for the console's terminal, or for the end of a change. */
const POLL_MS = 20;

/** The vfkit of one machine, by REST; a connection for each call. */
export function controlMachine({ socketPath }: ControlEndpoint): Control {
  const state = async (timeoutMs: number) =>
    STATES[await said(() => getState(socketPath, timeoutMs))];
  return {
    state,
    requestStop: (timeoutMs) => said(() => changeState(socketPath, "Stop", timeoutMs)),
    quit: (timeoutMs) =>
      said(async () => {
        try {
          await changeState(socketPath, "HardStop", timeoutMs);
        } catch (error) {
          // vfkit may be gone before its answer is.
          if (!(error instanceof RestError && error.reason === "closed")) throw error;
        }
      }),
    pause: (timeoutMs) => change(socketPath, "Pause", "Paused", timeoutMs),
    resume: (timeoutMs) => change(socketPath, "Resume", "Running", timeoutMs),
    consolePath: (timeoutMs) => terminalPath(socketPath, timeoutMs),
  };
}

/** A change that has happened when this resolves; vfkit answers when it has begun. */
async function change(
  socketPath: string,
  wanted: "Pause" | "Resume",
  end: VfkitState,
  timeoutMs: number,
): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  const left = () => Math.max(1, deadline - performance.now());
  await said(async () => {
    if (await getState(socketPath, left()) === end) return;
    await changeState(socketPath, wanted, left());
    let state: VfkitState;
    while ((state = await getState(socketPath, left())) !== end) {
      if (performance.now() >= deadline) {
        throw new RestError("timeout", `${wanted}: still ${state} after ${timeoutMs} ms`);
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  });
}

/** vfkit tells the terminal's name once the machine has started. */
async function terminalPath(socketPath: string, timeoutMs: number): Promise<string> {
  const deadline = performance.now() + timeoutMs;
  return await said(async () => {
    while (true) {
      const { devices } = await inspect(socketPath, Math.max(1, deadline - performance.now()));
      const path = devices.find(({ kind, ptyName }) => kind === "virtioserial" && ptyName)?.ptyName;
      if (path !== undefined) return path;
      if (performance.now() >= deadline) {
        throw new RestError("timeout", "the console's terminal has no name yet");
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  });
}

/** The contract's error for those of the REST client. */
async function said<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    throw new CocoonError("failed", `vfkit: ${error.message}`, { cause: error });
  }
}
