/** Waits until one can log in to a machine. */
import { CocoonError } from "../errors/error.ts";
import type { Host } from "../plugins/contract.ts";
import { awaitSshBanner, type BannerResult } from "./ssh_banner.ts";
import { sshCommand } from "./ssh_command.ts";
import type { SshTarget } from "./ssh_options.ts";

/** What to wait for, and how long. */
export interface WaitForSshRequest {
  /** The machine's name, for messages. */
  machine: string;
  /** Asked anew before each try where it is found out: undefined as long as no address is known. */
  target: SshTarget | (() => Promise<SshTarget | undefined>);
  /** Milliseconds for all of it. */
  timeoutMs: number;
  signal?: AbortSignal;
  /** Asked between tries; a machine that has ended will not answer any more. */
  stillRunning: () => Promise<boolean>;
}

/** One try may take so long: a slow guest needs some seconds for the key exchange. */
const LOGIN_TIMEOUT_MS = 30_000;
const BANNER_TIMEOUT_MS = 5_000;

/** Pauses between tries: short at first, as small guests are up in seconds. */
const FIRST_PAUSE_MS = 100;
const LAST_PAUSE_MS = 1_000;

/**
 * Returns when a login with our key to the expected host has succeeded. A refused login is tried
 * again: an SSH server may be up before cloud-init has put the key there.
 *
 * @throws {CocoonError} `failed` at the deadline, with what was last seen, or when the machine
 * ended; `host-lacks` without `ssh`
 */
export async function waitForSsh(
  host: Pick<Host, "run">,
  request: WaitForSshRequest,
): Promise<void> {
  const { machine, timeoutMs, signal } = request;
  const { target: given } = request;
  const findTarget = typeof given === "function" ? given : () => Promise.resolve(given);
  const end = performance.now() + timeoutMs;
  const left = () => Math.max(1, Math.ceil(end - performance.now()));
  let seen = "nothing was tried";
  let tries = 0;
  // A try that the end cut short says less than the one before it.
  const note = (what: string, cutShort = false) => {
    if (tries++ === 0 || !cutShort) seen = what;
  };
  let place = "";
  let pauseMs = FIRST_PAUSE_MS;
  while (performance.now() < end) {
    signal?.throwIfAborted();
    if (!(await request.stillRunning())) {
      throw new CocoonError("failed", `${machine}: it ended before SSH answered (${seen})`, {
        hint: `See what it said: cocoon vm logs ${machine}`,
      });
    }
    const target = await findTarget();
    if (target === undefined) {
      note("the guest has no address that is known");
      await pause(Math.min(pauseMs, left()), signal);
      continue;
    }
    place = ` at ${target.host} port ${target.port}`;
    const bannerMs = Math.min(BANNER_TIMEOUT_MS, left());
    const banner = await awaitSshBanner(target.host, target.port, bannerMs, signal);
    if (banner.kind === "banner") {
      const loginMs = Math.min(LOGIN_TIMEOUT_MS, left());
      const result = await tryLogin(host, target, loginMs, signal);
      if (result === "done") return;
      if (result === "late") note("the login took too long", loginMs < LOGIN_TIMEOUT_MS);
      else note(result.why);
    } else if (banner.kind === "silent") note(describe(banner), bannerMs < BANNER_TIMEOUT_MS);
    else note(describe(banner));
    await pause(Math.min(pauseMs, left()), signal);
    pauseMs = Math.min(pauseMs * 1.5, LAST_PAUSE_MS);
  }
  const seconds = Math.round(timeoutMs / 1000);
  throw new CocoonError(
    "failed",
    `${machine}: no SSH login within ${seconds} s${place}: ${seen}`,
    { hint: `See how far it came: cocoon vm logs ${machine}` },
  );
}

/** One login; `late` when it had no end in time. */
async function tryLogin(
  host: Pick<Host, "run">,
  target: SshTarget,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<"done" | "late" | { why: string }> {
  const argv = sshCommand(
    { ...target, connectTimeoutSeconds: Math.max(1, Math.ceil(timeoutMs / 1000)) },
    { command: ["true"], batch: true },
  );
  try {
    const result = await host.run(argv, { timeoutMs, ...(signal ? { signal } : {}) });
    return result.code === 0 ? "done" : { why: explain(result.stderr, result.code) };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof CocoonError && error.code === "failed") return "late";
    throw error;
  }
}

/** The end of what `ssh` said, in words that tell what to look at. */
function explain(stderr: string, code: number): string {
  if (
    /HOST IDENTIFICATION HAS CHANGED|Host key verification failed|no matching host key/i.test(
      stderr,
    )
  ) {
    return "another host key than the one that the guest was given";
  }
  if (/Permission denied/i.test(stderr)) return "the login was refused (permission denied)";
  const last = stderr.trim().split("\n").at(-1)?.trim();
  return last ? `ssh said: ${last}` : `ssh ended with status ${code}`;
}

function describe(banner: Exclude<BannerResult, { kind: "banner" }>): string {
  switch (banner.kind) {
    case "refused":
      return `the connection failed (${banner.why})`;
    case "closed":
      return "the connection was closed without an SSH banner";
    case "silent":
      return "no SSH banner came";
    case "other":
      return `no SSH server answered, but ${JSON.stringify(banner.text)}`;
  }
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
