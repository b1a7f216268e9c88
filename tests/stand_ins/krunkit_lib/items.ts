/** The items of an option: `KEY=VALUE` or a bare word, each key once. */
import { ValueError } from "./error.ts";

/** Items that are taken out one by one; what is left over is an error. */
export class Items {
  readonly #values = new Map<string, string>();

  /**
   * @param what the option, in texts
   * @throws {ValueError}
   */
  constructor(private readonly what: string, items: readonly string[]) {
    for (const item of items) {
      const [key = "", value = "", ...more] = item.split("=");
      if (more.length > 0) throw new ValueError(`invalid argument format: ${item}`);
      if (this.#values.has(key)) {
        throw new ValueError(`argument ${key}=${value} is only expected once`);
      }
      this.#values.set(key, value);
    }
  }

  /** The value of a key, which is then gone. */
  take(key: string): string | undefined {
    const value = this.#values.get(key);
    this.#values.delete(key);
    return value;
  }

  /** @throws {ValueError} when it is not there */
  require(key: string): string {
    const value = this.take(key);
    if (value === undefined) throw new ValueError(`${this.what} is missing argument: ${key}`);
    return value;
  }

  /** True when the word is there; it takes no value. */
  word(key: string, complaint: string): boolean {
    const value = this.take(key);
    if (value !== undefined && value !== "") throw new ValueError(`${complaint}: ${key}=${value}`);
    return value !== undefined;
  }

  /** @throws {ValueError} when something is left */
  end(): void {
    if (this.#values.size === 0) return;
    const list = [...this.#values].map(([key, value]) => JSON.stringify(`${key}=${value}`));
    throw new ValueError(`unknown ${this.what} arguments: [${list.join(", ")}]`);
  }
}
