/**
 * Events of which each goes to one waiter only, as a Go channel gives them. Which of several
 * waiters gets one is chance in the real program; here it is always the last that came, so that
 * what can go wrong does.
 */
export class EventQueue<T> {
  readonly #events: T[] = [];
  readonly #waiters: ((event: T) => void)[] = [];

  push(event: T): void {
    const waiter = this.#waiters.pop();
    if (waiter === undefined) this.#events.push(event);
    else waiter(event);
  }

  /** The next event; undefined at the deadline. Without one it waits for ever. */
  next(deadlineMs?: number): Promise<T | undefined> {
    const event = this.#events.shift();
    if (event !== undefined) return Promise.resolve(event);
    const { promise, resolve } = Promise.withResolvers<T | undefined>();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const waiter = (event: T) => {
      clearTimeout(timer);
      resolve(event);
    };
    if (deadlineMs !== undefined) {
      timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        resolve(undefined);
      }, Math.max(0, deadlineMs - performance.now()));
    }
    this.#waiters.push(waiter);
    return promise;
  }
}
