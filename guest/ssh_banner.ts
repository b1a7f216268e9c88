/** Asks whether an SSH server answers at an address, without logging in. */

/** What was seen. */
export type BannerResult =
  | { kind: "banner"; text: string }
  /** Nothing listens, or the network says that there is no such host. */
  | { kind: "refused"; why: string }
  /** The connection was accepted and closed without a word. */
  | { kind: "closed" }
  /** The connection was accepted or not answered, and then there was silence. */
  | { kind: "silent" }
  /** Something else than an SSH server answered. */
  | { kind: "other"; text: string };

/** RFC 4253, section 4.2: other lines may come first; all have at most 255 characters. */
const MAX_BANNER_BYTES = 4096;

/**
 * Connects and reads the server's first line. A connection alone says nothing: QEMU's user
 * network accepts for a guest that has not even booted.
 * @param timeoutMs for all of it
 */
export async function readSshBanner(
  host: string,
  port: number,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<BannerResult> {
  const deadline = AbortSignal.timeout(timeoutMs);
  const ended = signal ? AbortSignal.any([signal, deadline]) : deadline;
  let connection: Deno.TcpConn;
  try {
    connection = await Deno.connect({ hostname: host, port, signal: ended });
  } catch (error) {
    signal?.throwIfAborted();
    if (deadline.aborted) return { kind: "silent" };
    return { kind: "refused", why: error instanceof Error ? error.message : String(error) };
  }
  let open = true;
  const close = () => {
    if (open) connection.close();
    open = false;
  };
  ended.addEventListener("abort", close, { once: true });
  try {
    if (ended.aborted) close();
    return await readLine(connection);
  } catch {
    signal?.throwIfAborted();
    // A reset by the other side, or our own closing at the deadline.
    return deadline.aborted ? { kind: "silent" } : { kind: "closed" };
  } finally {
    ended.removeEventListener("abort", close);
    close();
  }
}

/** How long one connection is left alone before another is tried beside it. */
const STAGGER_MS = 1_000;

/**
 * As {@linkcode readSshBanner}, with a further connection each second while the earlier ones wait;
 * the first answer counts. A connection that QEMU accepted before the guest was up is only passed
 * on seconds after the guest could take it; a fresh one is at once.
 */
export async function awaitSshBanner(
  host: string,
  port: number,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<BannerResult> {
  const end = performance.now() + timeoutMs;
  const over = new AbortController();
  const stop = signal ? AbortSignal.any([signal, over.signal]) : over.signal;
  const attempts: Promise<BannerResult>[] = [];
  try {
    for (;;) {
      const left = Math.max(1, Math.ceil(end - performance.now()));
      attempts.push(readSshBanner(host, port, left, stop));
      // All attempts have the same end, and so the loop has it too.
      const first = await firstWithin(attempts, STAGGER_MS);
      if (first !== undefined) return first;
    }
  } finally {
    over.abort();
    await Promise.allSettled(attempts);
  }
}

/** The first result, undefined when there is none after `ms`. */
async function firstWithin<T>(promises: readonly Promise<T>[], ms: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([...promises, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

async function readLine(connection: Deno.TcpConn): Promise<BannerResult> {
  const chunk = new Uint8Array(512);
  let text = "";
  while (text.length < MAX_BANNER_BYTES) {
    const count = await connection.read(chunk);
    if (count === null) return text === "" ? { kind: "closed" } : other(text);
    // One character a byte: the banner is ASCII, and anything else is only shown.
    text += Array.from(chunk.subarray(0, count), (byte) => String.fromCharCode(byte)).join("");
    const banner = /^(SSH-[^\r\n]*)\r?\n/m.exec(text)?.[1];
    if (banner !== undefined) return { kind: "banner", text: banner };
  }
  return other(text);
}

function other(text: string): BannerResult {
  return { kind: "other", text: text.slice(0, 60).replace(/[^\x20-\x7e]+/g, " ").trim() };
}
