/**
 * SIGTERM and SIGINT. vmnet-helper blocks them before it starts the interface, and asks for them
 * only when it has nothing more to wait for: until then they are kept.
 */

/** strsignal(3) as macOS words it. */
const NAMES = { SIGTERM: "Terminated: 15", SIGINT: "Interrupt: 2" } as const;

export class Signals {
  /** Name of the first one. */
  readonly first: Promise<string>;

  constructor() {
    const { promise, resolve } = Promise.withResolvers<string>();
    this.first = promise;
    Deno.addSignalListener("SIGTERM", () => resolve(NAMES.SIGTERM));
    Deno.addSignalListener("SIGINT", () => resolve(NAMES.SIGINT));
  }

  /** Nothing but SIGKILL ends a process that waits for this. */
  never(): Promise<never> {
    return hang();
  }
}

/** Waits for ever. */
export function hang(): Promise<never> {
  // A timer keeps the runtime from ending; its interval is the longest that there is.
  setInterval(() => {}, 2 ** 31 - 1);
  return new Promise(() => {});
}
