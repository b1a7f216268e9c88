import assert from "node:assert/strict";
import { type FakeOptions, fakeOutside } from "../tests/support/fake_outside.ts";
import { imageProgress, type ProgressEvent, type ProgressMode } from "./progress.ts";

const MIB = 1024 ** 2;

/** What is written for events; each comes with the milliseconds since the last. */
function written(
  events: readonly (ProgressEvent & { afterMs: number })[],
  options: FakeOptions = {},
  mode?: ProgressMode,
): string {
  let nowMs = 0;
  const outside = fakeOutside({ ...options, host: { now: () => new Date(nowMs) } });
  {
    using progress = imageProgress(outside, mode);
    for (const { afterMs, ...event } of events) {
      nowMs += afterMs;
      progress.update(event);
    }
  }
  assert.equal(outside.written.stdout, "", "progress is no data");
  return outside.written.stderr;
}

/** A download of 100 MiB in steps of 1 MiB, 50 ms each. */
const download = Array.from({ length: 101 }, (_, index) => ({
  phase: "download",
  doneBytes: index * MIB,
  totalBytes: 100 * MIB,
  afterMs: 50,
}));

const terminals = { stderr: true };

Deno.test("imageProgress() writes one line per 25 % where there is no terminal", () => {
  assert.equal(
    written([...download, { phase: "convert", doneBytes: 0, totalBytes: 10, afterMs: 1 }]),
    [
      "download: 0B of 100MiB",
      "download: 25% (25MiB of 100MiB)",
      "download: 50% (50MiB of 100MiB)",
      "download: 75% (75MiB of 100MiB)",
      "download: 100% (100MiB of 100MiB)",
      "convert: 0B of 10B",
      "",
    ].join("\n"),
  );
});

Deno.test("imageProgress() writes one line a phase when the total is unknown", () => {
  const events = [1, 2, 3].map((mib) => ({ phase: "download", doneBytes: mib * MIB, afterMs: 1 }));
  assert.equal(written(events), "download: 1MiB\n");
});

Deno.test("imageProgress() draws one line again and again, and removes it", () => {
  const text = written(download, { terminals, columns: 80 });
  const frames = text.split("\r\x1b[2K");
  assert.equal(frames.shift(), "", "each drawing begins with clearing the line");
  assert.equal(frames.pop(), "", "nothing is left at the end");
  assert.equal(frames.length, 51, "it is not drawn more often than every 100 ms");
  assert.equal(frames[0], "download  0%  0B of 100MiB");
  assert.equal(frames[25], "download  50%  50MiB of 100MiB  20MiB/s  3s left");
  assert.equal(frames[50], "download  100%  100MiB of 100MiB  20MiB/s");
  assert.ok(!text.includes("\n"));
});

Deno.test("imageProgress() never fills the line of a narrow terminal", () => {
  const text = written(download, { terminals, columns: 12 });
  assert.ok(text.split("\r\x1b[2K").every((frame) => frame.length <= 11));
});

Deno.test("imageProgress() draws on a terminal that does not know its width", () => {
  assert.match(written(download, { terminals }), /50MiB of 100MiB {2}20MiB\/s/);
});

Deno.test("imageProgress() removes nothing when nothing was drawn", () => {
  assert.equal(written([], { terminals }), "");
});

Deno.test("imageProgress() writes JSON events, a few a second and the last of each phase", () => {
  const seal = { phase: "seal", doneBytes: 1, totalBytes: 2 };
  const text = written(
    [...download, { ...seal, afterMs: 1 }, {
      ...seal,
      doneBytes: 2,
      afterMs: 1,
    }],
    { terminals },
    "json",
  );
  const events = text.trimEnd().split("\n").map((line) => JSON.parse(line));
  const downloads = events.filter(({ phase }) => phase === "download");
  assert.deepEqual(downloads[0], {
    event: "progress",
    phase: "download",
    doneBytes: 0,
    totalBytes: 100 * MIB,
  });
  assert.equal(downloads.at(-1).doneBytes, 100 * MIB);
  assert.equal(downloads.length, 21);
  assert.deepEqual(events.slice(downloads.length).map(({ doneBytes }) => doneBytes), [1, 2]);
});

Deno.test("imageProgress() is silent when it is told to be", () => {
  assert.equal(written(download, { terminals }, "none"), "");
});
