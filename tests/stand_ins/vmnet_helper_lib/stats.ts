/** `--stats-interval`: counters on standard error. */
import { timestamp } from "../vfkit_lib/log.ts";
import * as log from "./log.ts";
import type { Counters, Stats } from "./relay.ts";

export function newStats(): Stats {
  const none = (): Counters => ({ packets: 0, bytes: 0, drops: 0, fast: 0, slow: 0 });
  return { host: none(), vm: none() };
}

/** One line, whose JSON has spaces. */
export function reportStats({ host, vm }: Stats): void {
  const now = new Date();
  const { date, time, zone } = timestamp(now);
  const milliseconds = String(now.getMilliseconds()).padStart(3, "0");
  const at = `${date}T${time}.${milliseconds}${zone === "Z" ? "+00:00" : zone}`;
  const spaced = (counters: Counters) =>
    `{${Object.entries(counters).map(([key, value]) => `"${key}": ${value}`).join(", ")}}`;
  log.info(`[stats] {"time": "${at}", "host": ${spaced(host)}, "vm": ${spaced(vm)}}`);
}
