/** What is compared takes turns, so that what else the computer does meets all of it. */

/** One of the things that are compared. */
export interface Subject {
  name: string;
  /** Does it once. Answers milliseconds when it takes the time itself; else all of it counts. */
  run(): Promise<number | void>;
  /** What has to be done before the next one; takes no part in the time. */
  after?(): Promise<unknown>;
}

/** Milliseconds of every run, by subject. */
export type Times = Map<string, number[]>;

/** Runs every subject `rounds` times after one round that does not count. */
export async function takeTurns(subjects: readonly Subject[], rounds: number): Promise<Times> {
  const times: Times = new Map(subjects.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round++) {
    for (let turn = 0; turn < subjects.length; turn++) {
      // Each is first in some rounds: what the one before it leaves behind is not always the same.
      const subject = subjects[(round + turn) % subjects.length];
      if (subject === undefined) continue;
      const began = performance.now();
      const own = await subject.run();
      const ms = own ?? performance.now() - began;
      await subject.after?.();
      if (round > 0) times.get(subject.name)?.push(ms);
    }
  }
  return times;
}

/** The middle of the values; of an even number, between the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}
