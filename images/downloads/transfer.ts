import type { SourceDigests } from "../digests.ts";
import { SparseFile } from "../disk/sparse_file.ts";
import type { HttpDownload } from "../sources/http.ts";
import { TransientError } from "../sources/http_errors.ts";
import { type CheckHead, Follower } from "./follower.ts";
import { type JournalEntry, writeJournal } from "./journal.ts";
import type { DownloadLimits } from "./limits.ts";
import type { PartialDownload } from "./partial.ts";
import { isDone, type Piece } from "./pieces.ts";
import { PieceWriter } from "./piece_writer.ts";
import { noRanges, openRange } from "./range_request.ts";
import type { RemoteFile } from "./remote_file.ts";
import { Retry } from "./retry.ts";
import { StartAnew } from "./start_anew.ts";

/** What a {@linkcode Transfer} works with. */
export interface TransferOptions {
  file: RemoteFile;
  limits: Required<DownloadLimits>;
  signal: AbortSignal;
  /** Digests that will be compared. */
  expected: Partial<SourceDigests>;
  /** Called once with the first bytes, as early as they are there; may throw. */
  checkHead: CheckHead;
  onBytes: (doneBytes: number, totalBytes: number | undefined) => void;
}

/** Milliseconds between two looks at how far it is. */
const TICK_MS = 50;
/** Milliseconds between two journals: what a kill may cost. */
const JOURNAL_MS = 1000;

/**
 * Brings all pieces of one version of a file to the disk, over one connection or several, and
 * follows with the digest.
 */
export class Transfer implements AsyncDisposable {
  readonly #options: TransferOptions;
  readonly #partial: PartialDownload;
  readonly #entry: JournalEntry;
  readonly #ranges: "one by one" | "at once" | "none";
  readonly #stack = new DisposableStack();
  readonly #file: SparseFile;
  readonly #follower: Follower;
  /** Ends all connections: the user interrupts, or one of them has found why none can go on. */
  readonly #abort = new AbortController();
  readonly #signal: AbortSignal;
  readonly #writers = new Set<PieceWriter>();
  readonly #helpers = new Set<Promise<void>>();
  #usedParts = false;
  #tickedAtMs = -Infinity;
  #journaledAtMs = performance.now();
  #journaling: Promise<void> = Promise.resolve();

  private constructor(
    partial: PartialDownload,
    entry: JournalEntry,
    ranges: "one by one" | "at once" | "none",
    follower: Follower,
    options: TransferOptions,
  ) {
    this.#options = options;
    this.#partial = partial;
    this.#entry = entry;
    this.#ranges = ranges;
    this.#follower = this.#stack.use(follower);
    this.#file = this.#stack.use(SparseFile.open(partial.dataPath, partial.room));
    this.#signal = AbortSignal.any([options.signal, this.#abort.signal]);
  }

  /**
   * @param entry what is known of the file; its data is at `partial.dataPath`, in its full length
   * @param ranges whether the server may be asked for parts, and for several at once; `none` also
   * means that nothing is written down to be taken up later
   */
  static async open(
    partial: PartialDownload,
    entry: JournalEntry,
    ranges: "one by one" | "at once" | "none",
    options: TransferOptions,
  ): Promise<Transfer> {
    const { expected, checkHead } = options;
    const check = (head: Uint8Array) => checkHead(head, entry.map.totalBytes);
    const follower = await Follower.open(partial.dataPath, expected, check);
    return new Transfer(partial, entry, ranges, follower, options);
  }

  /**
   * Fetches what is missing.
   * @param whole an answer with the whole file, if there is one; ended here
   * @throws {StartAnew}, `TransientError` when the server stays away, and what `checkHead` throws
   */
  async run(whole?: HttpDownload): Promise<SourceDigests> {
    const { map } = this.#entry;
    await this.#follower.catchUp(map.prefixBytes, this.#signal);
    const timer = setTimeout(() => this.#startHelpers(), this.#options.limits.parallelAfterMs);
    try {
      if (whole !== undefined) await this.#takeWhole(whole);
      while (!map.isComplete) {
        this.#signal.throwIfAborted();
        const piece = map.take();
        if (piece !== undefined) await this.#takePiece(piece);
        else await Promise.race(this.#helpers); // they have the rest
      }
    } finally {
      clearTimeout(timer);
    }
    await this.#follower.catchUp(map.totalBytes, this.#signal);
    const digests = await this.#follower.finish();
    this.#options.onBytes(map.totalBytes, map.totalBytes);
    return digests;
  }

  /** Whether a part of the file was asked for, and not the whole. */
  get usedParts(): boolean {
    return this.#usedParts;
  }

  #startHelpers(): void {
    const { connections, pieceBytes } = this.#options.limits;
    const missing = this.#entry.map.totalBytes - this.#entry.map.doneBytes;
    if (this.#ranges !== "at once" || missing <= pieceBytes) return;
    for (let i = 1; i < connections; i++) {
      const helper = this.#help().finally(() => this.#helpers.delete(helper));
      this.#helpers.add(helper);
    }
  }

  /** One more connection. When it fails there is one less; the first one takes its piece up. */
  async #help(): Promise<void> {
    try {
      for (let piece; (piece = this.#entry.map.take()) !== undefined;) {
        await this.#takePiece(piece);
      }
    } catch (error) {
      if (error instanceof StartAnew) this.#abort.abort(error);
    }
  }

  /** Reads an answer with the whole file up to the first piece that another connection is at. */
  async #takeWhole(whole: HttpDownload): Promise<void> {
    await using open = whole;
    const { map } = this.#entry;
    let writer = this.#begin(map.takeAt(0));
    try {
      for await (const chunk of open.chunks) {
        for (let rest = chunk; rest.length > 0 && writer !== undefined;) {
          rest = rest.subarray(writer.write(rest));
          if (!isDone(writer.piece)) continue;
          this.#end(writer);
          writer = this.#begin(map.takeAt(writer.piece.end));
        }
        await this.#tick();
        if (writer === undefined) return;
      }
    } catch (error) {
      if (!(error instanceof TransientError)) throw error;
      if (this.#ranges === "none") throw new StartAnew(error, false);
    } finally {
      if (writer !== undefined) this.#end(writer);
    }
  }

  async #takePiece(piece: Piece): Promise<void> {
    const writer = this.#begin(piece);
    const retry = new Retry(this.#options.limits, this.#signal);
    try {
      while (!isDone(piece)) {
        const before = writer.position;
        try {
          await this.#takeRange(writer);
        } catch (error) {
          if (!(error instanceof TransientError)) throw error;
          if (writer.position > before) retry.reset();
          await retry.pause(error);
        }
      }
    } finally {
      this.#end(writer);
    }
  }

  async #takeRange(writer: PieceWriter): Promise<void> {
    const { file } = this.#options;
    const { validators, map } = this.#entry;
    if (this.#ranges === "none") throw noRanges("it ended the file before its length");
    this.#usedParts = true;
    const [start, end] = [writer.position, writer.piece.end];
    await using open = await openRange({
      file,
      signal: this.#signal,
      validators,
      totalBytes: map.totalBytes,
      start,
      end,
    });
    for await (const chunk of open.chunks) {
      if (writer.write(chunk) < chunk.length) {
        throw noRanges("it sends more of the file than was asked for");
      }
      await this.#tick();
    }
    if (writer.position === start) {
      throw new TransientError("the server sent nothing of a part of the file", {
        hint: "Try again later.",
      });
    }
  }

  #begin(piece: Piece): PieceWriter;
  #begin(piece: Piece | undefined): PieceWriter | undefined;
  #begin(piece: Piece | undefined): PieceWriter | undefined {
    if (piece === undefined) return undefined;
    const writer = new PieceWriter(this.#file, piece);
    this.#writers.add(writer);
    return writer;
  }

  #end(writer: PieceWriter): void {
    this.#writers.delete(writer);
    try {
      writer.flush();
    } finally {
      writer.piece.taken = false;
    }
  }

  /** Every now and then: digest, progress, journal. */
  async #tick(): Promise<void> {
    const nowMs = performance.now();
    if (nowMs - this.#tickedAtMs < TICK_MS) return;
    this.#tickedAtMs = nowMs;
    const { map } = this.#entry;
    try {
      this.#follower.advance(map.prefixBytes);
      await this.#follower.checkHead();
    } catch (error) {
      // Whichever connection came to see it: it is the end of all.
      this.#abort.abort(error);
      throw error;
    }
    const buffered = [...this.#writers].reduce((sum, writer) => sum + writer.bufferedBytes, 0);
    this.#options.onBytes(map.doneBytes + buffered, map.totalBytes);
    if (nowMs - this.#journaledAtMs >= JOURNAL_MS) await this.#journal();
  }

  #journal(): Promise<void> {
    if (this.#ranges === "none") return Promise.resolve();
    this.#journaledAtMs = performance.now();
    // One after the other: they share a temporary name.
    this.#journaling = this.#journaling
      .then(() => writeJournal(this.#partial.journalPath, this.#entry));
    return this.#journaling;
  }

  /** Ends all connections and writes down how far they came. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#abort.abort(new Error("the download is over"));
    await Promise.all(this.#helpers);
    try {
      await this.#journal();
    } catch {
      // A full disk: then the next command begins anew, or further back.
    }
    this.#stack.dispose();
  }
}
