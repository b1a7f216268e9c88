/** Flags for sizes and times; apart from the others, because the hot commands have none. */
import { parseDuration } from "../config/duration.ts";
import { parseSize } from "../config/size.ts";
import { type ValueFlag, valueFlag } from "./arguments.ts";

/** A flag for a size; its value is bytes. */
export function sizeFlag(brief: string): ValueFlag<number> {
  return valueFlag(brief, "SIZE", parseSize);
}

/** A flag for a time; its value is milliseconds. */
export function durationFlag(brief: string): ValueFlag<number> {
  return valueFlag(brief, "TIME", parseDuration);
}
