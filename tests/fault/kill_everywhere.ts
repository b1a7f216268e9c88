/** Runs a verb again and again, each time killed at another moment. */
import assert from "node:assert/strict";
import { cocoonOk } from "../support/cocoon.ts";
import { haltingBoot } from "../support/halting_kernel.ts";
import { assertNothingLeft, list, type MachineJson } from "../support/machines.ts";
import { type KillPoint, killPoints, runUntil } from "../support/strace.ts";
import { type TempHome, tempHome } from "../support/temp_home.ts";

/** What is done at each moment. The machine is called `web`. */
export interface KillTest {
  /** Before the verb; not killed. */
  prepare?(home: TempHome, boot: string[]): Promise<void>;
  verb(boot: string[]): string[];
  /**
   * What is done beside the verb, for one that does not end by itself. It may be killed any time,
   * which `hasEnded` tells.
   */
  meanwhile?(home: TempHome, hasEnded: () => boolean): Promise<void>;
  /** Moments before the first call that names this are left out. */
  after?: string;
  /**
   * After the kill, with the machine as the list then shows it: repeats the verb, and checks what
   * must be true after that.
   */
  repeat(home: TempHome, found: MachineJson | undefined, boot: string[]): Promise<void>;
  /** Each time in a home that was never used, so that making it is killed, too. */
  fresh?: boolean;
  /** Of the writes to the database, each how-manieth is a moment. @default {4} */
  everyWrite?: number;
}

/** Homes that are worked in side by side: most of the time is spent waiting. */
const WORKERS = 2;

/**
 * Kills a verb, and whatever it starts, at each of its moments, each time from the same beginning.
 * After every kill the list must be whole, `repeat` must hold, and `rm` and `gc` must leave nothing.
 * @returns the number of moments, and at how many of them the command itself did not survive
 */
export async function killEverywhere(test: KillTest): Promise<{ points: number; killed: number }> {
  const shared = await Deno.makeTempDir({ prefix: "cf-" });
  try {
    const boot = await haltingBoot(shared);
    const verb = test.verb(boot);
    const points = await (async () => {
      await using home = await usedHome(test);
      await test.prepare?.(home, boot);
      const tracing = killPoints(home, verb, test.everyWrite);
      await test.meanwhile?.(home, () => false);
      const found = await tracing;
      await clear(home);
      const from = found.findIndex(({ example }) => example.includes(test.after ?? ""));
      assert.ok(from >= 0, `no call names ${test.after}`);
      return found.slice(from);
    })();
    const queue = points.values();
    let killed = 0;
    const killAt = async (home: TempHome, point: KillPoint) => {
      try {
        await test.prepare?.(home, boot);
        const running = runUntil(home, verb, point);
        let ended = false;
        running.finally(() => ended = true).catch(() => {/* awaited below */});
        await test.meanwhile?.(home, () => ended);
        if ((await running).code === 137) killed++;
        const [machine, ...others] = await list(home);
        assert.deepEqual(others, []);
        await test.repeat(home, machine, boot);
        await clear(home);
      } catch (cause) {
        await home.killAll();
        const moment = `${point.call} number ${point.ordinal}`;
        throw new Error(`killed at ${moment}, as in ${point.example}`, { cause });
      }
    };
    const work = async () => {
      await using home = await usedHome(test);
      for (const point of queue) {
        await using own = test.fresh ? await tempHome() : undefined;
        await killAt(own ?? home, point);
      }
    };
    // All of them, so that none goes on while the folder is removed.
    const ends = await Promise.allSettled(Array.from({ length: WORKERS }, work));
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    return { points: points.length, killed };
  } finally {
    await Deno.remove(shared, { recursive: true });
  }
}

async function usedHome({ fresh }: KillTest): Promise<TempHome> {
  const home = await tempHome();
  // Makes the folders and the store.
  if (!fresh) await cocoonOk(home, ["vm", "list"]);
  return home;
}

/** Removes the machine, if there is one, and all that is left of it. */
async function clear(home: TempHome): Promise<void> {
  const machines = await list(home);
  if (machines.length > 0) {
    await cocoonOk(home, ["vm", "rm", "--force", ...machines.map(({ name }) => name)]);
  }
  await cocoonOk(home, ["gc"]);
  await assertNothingLeft(home);
}
