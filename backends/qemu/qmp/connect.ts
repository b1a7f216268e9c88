import { type Wait, withDeadline } from "./deadline.ts";
import { QmpError } from "./errors.ts";

/** Milliseconds between two attempts while the server's queue of waiting clients is full. */
const RETRY_MS = 20;

/**
 * Connects to a Unix socket. QEMU listens with a backlog of one: with a client served and one
 * waiting, `connect(2)` fails with EAGAIN, and the only thing to do is to try again until the
 * deadline. Nobody listening is an error at once.
 * @throws {QmpError} `unreachable` or `timeout`
 */
export async function connectUnix(path: string, wait: Wait): Promise<Deno.UnixConn> {
  const deadlineMs = performance.now() + wait.timeoutMs;
  while (true) {
    const attempt = Deno.connect({ transport: "unix", path });
    const remainingMs = Math.max(0, deadlineMs - performance.now());
    try {
      return await withDeadline(attempt, { ...wait, timeoutMs: remainingMs }, busy(path));
    } catch (error) {
      if (error instanceof QmpError) {
        // A connection that is made after all is not wanted any more.
        attempt.then((connection) => connection.close(), () => {});
        throw error;
      }
      if (!isBusy(error)) {
        const why = error instanceof Error ? error.message : String(error);
        throw new QmpError("unreachable", `Cannot connect to ${path}: ${why}`, { cause: error });
      }
    }
    if (performance.now() + RETRY_MS >= deadlineMs) {
      throw busy(path)(`deadline of ${Math.round(wait.timeoutMs)} ms passed`);
    }
    await withDeadline(new Promise((done) => setTimeout(done, RETRY_MS)), {
      ...wait,
      timeoutMs: RETRY_MS * 10,
    }, busy(path));
  }
}

function isBusy(error: unknown): boolean {
  if (error instanceof Deno.errors.WouldBlock) return true;
  // EAGAIN's number differs: 11 on Linux, 35 on macOS.
  return error instanceof Error && /os error (11|35)\b/.test(error.message);
}

function busy(path: string): (why: string) => QmpError {
  return (why) =>
    new QmpError("timeout", `Cannot connect to ${path}: ${why}; other clients hold it`);
}
