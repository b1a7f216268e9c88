import { CocoonError } from "../../errors/error.ts";
import type { Control, ControlEndpoint } from "../../plugins/contract.ts";
import { RestError } from "../rest_error.ts";
import { getState, pressPowerButton } from "./rest.ts";

/**
 * The krunkit of one machine, by REST; a connection for each call. It can neither be paused nor be
 * told to end: only a signal does that, and cuts the guest's power.
 */
export function controlMachine({ socketPath }: ControlEndpoint): Control {
  return {
    state: (timeoutMs) =>
      said(async () => {
        return await getState(socketPath, timeoutMs) === "Running" ? "running" : "stopping";
      }),
    requestStop: (timeoutMs) => said(() => pressPowerButton(socketPath, timeoutMs)),
  };
}

/** The contract's error for those of the REST client. */
async function said<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof RestError)) throw error;
    throw new CocoonError("failed", `krunkit: ${error.message}`, { cause: error });
  }
}
