/** Real QEMU processes for tests, always with `accel=tcg`. For tests only. */

/** A process whose end is certain: it is killed when the scope ends. */
export class RealQemu implements AsyncDisposable {
  readonly child: Deno.ChildProcess;
  readonly #stderr: Promise<string>;

  constructor(program: string, args: readonly string[]) {
    this.child = new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    this.#stderr = new Response(this.child.stderr).text();
  }

  /** Exit status once the process has ended by itself. Rejects at the deadline. */
  async ended(timeoutMs: number): Promise<Deno.CommandStatus> {
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error("QEMU is still there")), timeoutMs);
    try {
      return await Promise.race([this.child.status, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** All that it wrote to standard error; settles when the process has ended. */
  stderr(): Promise<string> {
    return this.#stderr;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.child.kill("SIGKILL");
    } catch { /* it has ended */ }
    await this.child.status;
    await this.#stderr;
  }
}

/** Repeats until the attempt succeeds; its last error is thrown at the deadline. */
export async function eventually<T>(timeoutMs: number, attempt: () => Promise<T>): Promise<T> {
  const deadlineMs = performance.now() + timeoutMs;
  while (true) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadlineMs) throw error;
    }
    await new Promise((done) => setTimeout(done, 30));
  }
}
