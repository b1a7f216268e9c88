import { join } from "../../host/path.ts";
import type { Host } from "../../plugins/contract.ts";

/** What a proof run showed. */
export interface Verdict {
  usable: boolean;
  /** Why not, in words; or how it was shown. */
  reason: string;
}

interface CachedVerdict extends Verdict {
  checkedAtMs: number;
}

/** A negative verdict may come from a moment of overload; it is doubted after a day. */
const NEGATIVE_LIFE_MS = 24 * 60 * 60 * 1000;

/** Longest wait for another process that makes the same proof; its run ends sooner. */
const LOCK_TIMEOUT_MS = 10_000;

/**
 * Where verdicts are kept: `cache/accelerator.json` in cocoon's home. Undefined without a home:
 * looking at a computer must not make one.
 */
export function cachePath(host: Host): string | undefined {
  const user = host.env("HOME");
  const home = host.env("COCOON_HOME") || (user ? join(user, ".cocoon") : undefined);
  if (home === undefined || !host.exists(home)) return undefined;
  return join(home, "cache", "accelerator.json");
}

/**
 * The verdict of the key, from the file or else made and stored. Processes that ask at once wait
 * for the first, so that ten starts make one proof. A cache that can't be used costs time, never
 * the verdict.
 * @param fresh make the proof even if a verdict is there
 */
export async function cachedVerdict(
  path: string | undefined,
  key: string,
  nowMs: number,
  fresh: boolean,
  prove: () => Promise<Verdict>,
): Promise<Verdict> {
  if (path === undefined) return await prove();
  if (!fresh) {
    const known = lookUp(path, key, nowMs);
    if (known !== undefined) return known;
  }
  const lock = await takeLock(`${path}.lock`);
  try {
    const madeMeanwhile = fresh ? undefined : lookUp(path, key, nowMs);
    if (madeMeanwhile !== undefined) return madeMeanwhile;
    const verdict = await prove();
    store(path, key, { ...verdict, checkedAtMs: nowMs });
    return verdict;
  } finally {
    // Closing gives the lock back. The file stays: removing it would split the lock in two.
    lock?.close();
  }
}

function lookUp(path: string, key: string, nowMs: number): Verdict | undefined {
  const verdict = readAll(path)[key];
  if (verdict === undefined) return undefined;
  const ageMs = nowMs - verdict.checkedAtMs;
  if (!verdict.usable && (ageMs < 0 || ageMs > NEGATIVE_LIFE_MS)) return undefined;
  return { usable: verdict.usable, reason: verdict.reason };
}

function readAll(path: string): Record<string, CachedVerdict> {
  const verdicts: Record<string, CachedVerdict> = {};
  let content: unknown;
  try {
    content = JSON.parse(Deno.readTextFileSync(path));
  } catch {
    return verdicts;
  }
  if (typeof content !== "object" || content === null) return verdicts;
  for (const [key, value] of Object.entries(content)) if (isVerdict(value)) verdicts[key] = value;
  return verdicts;
}

function isVerdict(value: unknown): value is CachedVerdict {
  return typeof value === "object" && value !== null &&
    "usable" in value && typeof value.usable === "boolean" &&
    "reason" in value && typeof value.reason === "string" &&
    "checkedAtMs" in value && typeof value.checkedAtMs === "number";
}

/** Verdicts kept; a key names its boot, so old ones are of no use. */
const MAX_VERDICTS = 8;

function store(path: string, key: string, verdict: CachedVerdict): void {
  const others = Object.entries(readAll(path)).filter(([other]) => other !== key)
    .sort(([, a], [, b]) => b.checkedAtMs - a.checkedAtMs).slice(0, MAX_VERDICTS - 1);
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  try {
    const content = Object.fromEntries([[key, verdict], ...others]);
    Deno.writeTextFileSync(temporary, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    Deno.renameSync(temporary, path);
  } catch {
    try {
      Deno.removeSync(temporary);
    } catch { /* it was not made */ }
  }
}

async function takeLock(path: string): Promise<Deno.FsFile | undefined> {
  let file: Deno.FsFile | undefined;
  try {
    Deno.mkdirSync(path.slice(0, path.lastIndexOf("/")), { recursive: true, mode: 0o700 });
    file = Deno.openSync(path, { create: true, write: true, mode: 0o600 });
    const deadlineMs = performance.now() + LOCK_TIMEOUT_MS;
    while (!file.tryLockSync(true) && performance.now() < deadlineMs) {
      await new Promise((done) => setTimeout(done, 50));
    }
    return file;
  } catch {
    file?.close();
    return undefined;
  }
}
