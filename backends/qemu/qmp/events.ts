import type { QmpEvent } from "./messages.ts";

/** Events kept for a consumer that is slow or not there yet; the oldest are dropped beyond. */
const MAX_QUEUED = 1000;

/** Events between the connection that brings them and the one consumer that takes them. */
export class EventQueue {
  #queued: QmpEvent[] = [];
  #wake: (() => void) | undefined;
  #ended = false;

  push(event: QmpEvent): void {
    if (this.#queued.length === MAX_QUEUED) this.#queued.shift();
    this.#queued.push(event);
    this.#wake?.();
  }

  /** No more events will come; what is queued is still delivered. */
  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *iterate(): AsyncGenerator<QmpEvent> {
    while (true) {
      const event = this.#queued.shift();
      if (event !== undefined) {
        yield event;
        continue;
      }
      if (this.#ended) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
    }
  }
}
