/** Why a guest does not execute: it goes on when no reason is left. */
export class Holds {
  readonly #reasons = new Set<string>();
  #last: Promise<void> = Promise.resolve();

  /** @param execute tells the hypervisor; called for one change after the other */
  constructor(private readonly execute: (goOn: boolean) => Promise<void>) {}

  /** Adds or takes away a reason; resolves when the guest has stopped or goes on. */
  set(reason: string, held: boolean): Promise<void> {
    const before = this.#reasons.size;
    if (held) this.#reasons.add(reason);
    else this.#reasons.delete(reason);
    const after = this.#reasons.size;
    if ((before === 0) !== (after === 0)) {
      this.#last = this.#last.then(() => this.execute(after === 0));
    }
    return this.#last;
  }
}
