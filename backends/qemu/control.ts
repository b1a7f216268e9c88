import { CocoonError } from "../../errors/error.ts";
import type {
  Control,
  ControlEndpoint,
  GuestState,
  Json,
  JsonObject,
} from "../../plugins/contract.ts";
import { QmpClient, QmpError } from "./qmp/client.ts";

/**
 * States of QEMU's `RunState` (qapi/run-state.json). Whatever stopped the guest's CPUs without
 * ending QEMU is `paused`: a full disk under the guest (`io-error`) too, from which `resume` goes
 * on once there is room.
 */
const STATES: Record<string, GuestState> = {
  prelaunch: "starting",
  inmigrate: "starting",
  "restore-vm": "starting",
  running: "running",
  watchdog: "running",
  suspended: "paused",
  paused: "paused",
  debug: "paused",
  "io-error": "paused",
  "internal-error": "paused",
  "guest-panicked": "paused",
  "save-vm": "paused",
  "finish-migrate": "paused",
  postmigrate: "paused",
  colo: "running",
  shutdown: "stopping",
};

/** The QEMU of one machine, by QMP; a connection for each call. */
export function controlMachine(endpoint: ControlEndpoint): Control {
  const run = (command: string, args: JsonObject, timeoutMs: number) =>
    talk(endpoint, timeoutMs, (execute) => execute(command, args));
  return {
    state: async (timeoutMs) => stateOf(await run("query-status", {}, timeoutMs)),
    requestStop: async (timeoutMs) => {
      await run("system_powerdown", {}, timeoutMs);
    },
    quit: (timeoutMs) =>
      talk(endpoint, timeoutMs, async (execute) => {
        try {
          await execute("quit", {});
        } catch (error) {
          // QEMU may be gone before its answer is.
          if (!(error instanceof QmpError && error.reason === "closed")) throw error;
        }
      }),
    pause: async (timeoutMs) => {
      await run("stop", {}, timeoutMs);
    },
    resume: async (timeoutMs) => {
      await run("cont", {}, timeoutMs);
    },
    screenshot: (path, timeoutMs) => screenshot(endpoint, path, timeoutMs),
  };
}

type Execute = (command: string, args: JsonObject) => Promise<Json>;

/** Connects, lets `use` run its commands, and closes; the deadline is for all of it. */
async function talk<T>(
  endpoint: ControlEndpoint,
  timeoutMs: number,
  use: (execute: Execute, client: QmpClient) => Promise<T>,
): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  try {
    await using client = await QmpClient.connect(endpoint.socketPath, { timeoutMs });
    return await use((command, args) =>
      client.execute(command, args, {
        timeoutMs: Math.max(0, deadlineMs - performance.now()),
      }), client);
  } catch (error) {
    if (!(error instanceof QmpError)) throw error;
    throw new CocoonError("failed", `qemu: ${error.message}`, { cause: error });
  }
}

function stateOf(answer: Json): GuestState {
  const status = typeof answer === "object" && answer !== null && !Array.isArray(answer)
    ? answer.status
    : undefined;
  const state = typeof status === "string" ? STATES[status] : undefined;
  if (state === undefined) {
    throw new CocoonError("failed", `qemu: unknown state ${JSON.stringify(status ?? answer)}`);
  }
  return state;
}

/**
 * QEMU writes the picture itself, under a temporary name. It has PNG since 7.1, and only where it
 * was built with libpng; else it is asked for PPM.
 */
async function screenshot(
  endpoint: ControlEndpoint,
  path: string,
  timeoutMs: number,
): Promise<void> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    await talk(endpoint, timeoutMs, async (execute) => {
      try {
        await execute("screendump", { filename: temporary, format: "png" });
      } catch (error) {
        if (!(error instanceof QmpError && /format|PNG/i.test(error.message))) throw error;
        await execute("screendump", { filename: temporary });
      }
    });
    await Deno.rename(temporary, path);
  } finally {
    await Deno.remove(temporary).catch(() => {}); // renamed, or never made
  }
}
