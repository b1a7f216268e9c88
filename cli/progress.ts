import { formatDuration } from "../config/duration.ts";
import { formatSize } from "../config/size.ts";
import type { Context } from "./context.ts";
import { truncate } from "./text.ts";

/** How progress is told on standard error. */
export type ProgressMode = "auto" | "json" | "none";

/** How far some work on bytes is. */
export interface ProgressEvent {
  /** What is done, in one word: `download`, `convert`. A new word begins a new count. */
  phase: string;
  doneBytes: number;
  /** Absent while it is unknown. */
  totalBytes?: number | undefined;
}

/** Tells progress until it is disposed of. */
export interface Progress extends Disposable {
  /** Can be handed on as a function. May be called as often as is convenient. */
  update: (event: ProgressEvent) => void;
}

type Out = Pick<Context, "stderr" | "isTerminal" | "columns"> & {
  host: Pick<Context["host"], "now">;
};

/** Milliseconds between two drawings: quick enough to live, slow enough to cost nothing. */
const REDRAW_MS = 100;
/** Milliseconds between two JSON events of one phase. */
const EVENT_MS = 250;
/** Percent between two lines where nothing can be redrawn. */
const LINE_PERCENT = 25;
/** The rate of the first moments is that of buffers, and says nothing about the time left. */
const RATE_AFTER_MS = 1000;
/** Where the width of a terminal is unknown. */
const DEFAULT_COLUMNS = 80;

/**
 * Tells how a download or a conversion goes: on a terminal one line that is drawn again and
 * removed at the end; elsewhere one line per 25 %; as JSON one object a line.
 */
export function imageProgress(out: Out, mode: ProgressMode = "auto"): Progress {
  if (mode === "none") return { update: () => {}, [Symbol.dispose]: () => {} };
  if (mode === "json") return jsonProgress(out);
  return out.isTerminal.stderr ? drawnProgress(out) : lineProgress(out);
}

/** One phase and what has been told of it. */
interface Phase {
  name: string;
  startedAtMs: number;
  toldAtMs: number;
}

/** The phase of an event: the current one while its name stays the same. */
function phaseOf(current: Phase | undefined, name: string, nowMs: number): Phase {
  return current?.name === name ? current : { name, startedAtMs: nowMs, toldAtMs: -Infinity };
}

function drawnProgress(out: Out): Progress {
  let phase: Phase | undefined;
  let drawn = false;
  return {
    update(event) {
      const nowMs = out.host.now().getTime();
      phase = phaseOf(phase, event.phase, nowMs);
      if (nowMs - phase.toldAtMs < REDRAW_MS) return;
      phase.toldAtMs = nowMs;
      // One column less: a full line makes some terminals go to the next one.
      const width = (out.columns() ?? DEFAULT_COLUMNS) - 1;
      out.stderr(`\r\x1b[2K${truncate(describe(event, nowMs - phase.startedAtMs), width)}`);
      drawn = true;
    },
    [Symbol.dispose]() {
      if (drawn) out.stderr("\r\x1b[2K");
      drawn = false;
    },
  };
}

function lineProgress(out: Out): Progress {
  let phase: Phase | undefined;
  let toldPercent = 0;
  return {
    update(event) {
      const before = phase;
      phase = phaseOf(phase, event.phase, out.host.now().getTime());
      const percent = percentOf(event) ?? 0;
      if (phase !== before) {
        out.stderr(`${event.phase}: ${sizesOf(event)}\n`);
        toldPercent = percent - percent % LINE_PERCENT;
      } else if (percent >= toldPercent + LINE_PERCENT) {
        out.stderr(`${event.phase}: ${percent}% (${sizesOf(event)})\n`);
        toldPercent = percent - percent % LINE_PERCENT;
      }
    },
    [Symbol.dispose]: () => {},
  };
}

function jsonProgress(out: Out): Progress {
  let phase: Phase | undefined;
  const tell = (event: ProgressEvent) =>
    out.stderr(`${JSON.stringify({ event: "progress", ...event })}\n`);
  // The last one of a phase is told whenever it comes, so that readers see the end.
  let held: ProgressEvent | undefined;
  const flush = () => {
    if (held !== undefined) tell(held);
    held = undefined;
  };
  return {
    update(event) {
      const nowMs = out.host.now().getTime();
      if (phase?.name !== event.phase) flush();
      phase = phaseOf(phase, event.phase, nowMs);
      held = event;
      if (nowMs - phase.toldAtMs < EVENT_MS) return;
      phase.toldAtMs = nowMs;
      flush();
    },
    [Symbol.dispose]: flush,
  };
}

function describe(event: ProgressEvent, elapsedMs: number): string {
  const parts = [event.phase];
  const percent = percentOf(event);
  if (percent !== undefined) parts.push(`${percent}%`);
  parts.push(sizesOf(event));
  if (elapsedMs >= RATE_AFTER_MS && event.doneBytes > 0) {
    const bytesPerSecond = event.doneBytes / elapsedMs * 1000;
    parts.push(`${formatSize(Math.round(bytesPerSecond))}/s`);
    if (event.totalBytes !== undefined && event.totalBytes > event.doneBytes) {
      const seconds = Math.ceil((event.totalBytes - event.doneBytes) / bytesPerSecond);
      parts.push(`${formatDuration(seconds * 1000)} left`);
    }
  }
  return parts.join("  ");
}

function sizesOf({ doneBytes, totalBytes }: ProgressEvent): string {
  const done = formatSize(doneBytes);
  return totalBytes === undefined ? done : `${done} of ${formatSize(totalBytes)}`;
}

function percentOf({ doneBytes, totalBytes }: ProgressEvent): number | undefined {
  if (totalBytes === undefined || totalBytes <= 0) return undefined;
  return Math.min(100, Math.floor(doneBytes / totalBytes * 100));
}
