/** The framework's machine: its states, and the queue by which it tells of them. */
import { internalError, invalidTransition, limitExceeded } from "./apple.ts";
import type { StartOutcome } from "./environment.ts";
import { EventQueue } from "./event_queue.ts";
import type { Guest } from "./guest/guest.ts";

export type State =
  | "Stopped"
  | "Running"
  | "Paused"
  | "Error"
  | "Starting"
  | "Pausing"
  | "Resuming"
  | "Stopping";

/** What is possible now, by the names of the REST answer. */
export interface Possible {
  canStart: boolean;
  canPause: boolean;
  canResume: boolean;
  canStop: boolean;
  canHardStop: boolean;
}

/** A machine; it is started at most once. */
export class Machine {
  #state: State = "Stopped";
  /** Every change of state, each for one waiter. */
  readonly events = new EventQueue<State>();

  constructor(readonly guest: Guest, readonly outcome: StartOutcome) {}

  get state(): State {
    return this.#state;
  }

  get possible(): Possible {
    return {
      canStart: this.#state === "Stopped",
      canPause: this.#state === "Running",
      canResume: this.#state === "Paused",
      canStop: this.#state === "Running",
      canHardStop: this.#state === "Running" || this.#state === "Paused",
    };
  }

  #change(state: State): void {
    this.#state = state;
    this.events.push(state);
  }

  #demand(possible: boolean, to: string): void {
    if (!possible) throw invalidTransition(this.#state.toLowerCase(), to);
  }

  /** @throws {AppleError} */
  async start(): Promise<void> {
    this.#demand(this.possible.canStart, "starting");
    this.#change("Starting");
    if (this.outcome === "hang") return;
    try {
      if (this.outcome === "limit") throw limitExceeded();
      if (this.outcome === "fail") throw internalError("The virtual machine failed to start.");
      await this.guest.start();
    } catch (error) {
      this.#change("Stopped");
      throw error;
    }
    this.#change("Running");
    this.guest.ended.then((how) => {
      this.#change(how === "off" || this.#state === "Stopping" ? "Stopped" : "Error");
    });
  }

  /** Presses the power button, which the guest may ignore. */
  requestStop(): void {
    this.#demand(this.possible.canStop, "stopping");
    this.guest.pressPowerButton();
  }

  /** Cuts the power; resolves when the machine has stopped. */
  async stop(): Promise<void> {
    this.#demand(this.possible.canHardStop, "stopping");
    this.#change("Stopping");
    this.guest.cutPower();
    await this.guest.ended;
  }

  async pause(): Promise<void> {
    this.#demand(this.possible.canPause, "pausing");
    this.#change("Pausing");
    await this.guest.pause();
    this.#change("Paused");
  }

  async resume(): Promise<void> {
    this.#demand(this.possible.canResume, "resuming");
    this.#change("Resuming");
    await this.guest.resume();
    this.#change("Running");
  }
}
