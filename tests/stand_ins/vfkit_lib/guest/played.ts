import type { Guest } from "./guest.ts";

/** How long the played guest takes to obey. */
const OBEYS_AFTER_MS = 50;

/** What a played guest does. */
export interface PlayedGuestOptions {
  /** Powers itself off after so many milliseconds. */
  offAfterMs?: number | undefined;
  ignoreStop: boolean;
}

/** No guest at all: for tests of the program around it. */
export function playedGuest({ offAfterMs, ignoreStop }: PlayedGuestOptions): Guest {
  const { promise: ended, resolve } = Promise.withResolvers<"off" | "lost">();
  const offIn = (ms: number) => setTimeout(() => resolve("off"), ms);
  return {
    ended,
    start() {
      if (offAfterMs !== undefined) offIn(offAfterMs);
      return Promise.resolve();
    },
    pressPowerButton() {
      if (!ignoreStop) offIn(OBEYS_AFTER_MS);
    },
    pause: () => Promise.resolve(),
    resume: () => Promise.resolve(),
    cutPower: () => resolve("lost"),
  };
}
