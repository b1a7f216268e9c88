import { CHUNK_BYTES } from "../limits.ts";
import type { Room } from "./space.ts";
import { dataRuns } from "./zeros.ts";

/**
 * A disk file under construction: zeros stay holes, so that a disk of 20 GiB with 1 GiB of data
 * takes 1 GiB. The file must be new: what is not written stays what it was.
 */
export class SparseFile implements Disposable {
  readonly #file: Deno.FsFile;
  readonly #room: Room | undefined;
  #writtenBytes = 0;

  private constructor(file: Deno.FsFile, room: Room | undefined) {
    this.#file = file;
    this.#room = room;
  }

  /** Bytes written here that are no holes. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /**
   * Makes a new file.
   * @param room asked before each write; without it, whoever writes has looked at the room before
   * @throws if something is in its place
   */
  static create(path: string, room?: Room): SparseFile {
    return new SparseFile(Deno.openSync(path, { write: true, createNew: true, mode: 0o600 }), room);
  }

  /** Opens one that {@linkcode create} made, for a second writer. */
  static open(path: string, room?: Room): SparseFile {
    return new SparseFile(Deno.openSync(path, { write: true }), room);
  }

  /** Sets the length in bytes; what is added is a hole. */
  truncate(length: number): void {
    this.#file.truncateSync(length);
  }

  /**
   * Writes what is not zero of `bytes` to `offset`, a multiple of `HOLE_BYTES`.
   * @throws {FullDiskError} when there is no room for it
   */
  writeAt(bytes: Uint8Array<ArrayBuffer>, offset: number): void {
    for (const { start, end } of dataRuns(bytes)) {
      this.#room?.take(end - start);
      this.#file.seekSync(offset + start, Deno.SeekMode.Start);
      for (let at = start; at < end;) at += this.#file.writeSync(bytes.subarray(at, end));
      this.#writtenBytes += end - start;
    }
  }

  /** Waits until all data is on the medium (`F_FULLFSYNC` on macOS). */
  async sync(): Promise<void> {
    await this.#file.sync();
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}

/** Takes a stream of any pieces and writes it to a {@linkcode SparseFile} from its beginning. */
export class SparseStream {
  readonly #target: SparseFile;
  readonly #buffer = new Uint8Array(CHUNK_BYTES / 4);
  #filled = 0;
  #flushed = 0;

  constructor(target: SparseFile) {
    this.#target = target;
  }

  /** Bytes taken. */
  get length(): number {
    return this.#flushed + this.#filled;
  }

  /** Bytes that are in the file. */
  get flushedBytes(): number {
    return this.#flushed;
  }

  write(bytes: Uint8Array): void {
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + this.#buffer.length - this.#filled);
      this.#buffer.set(piece, this.#filled);
      this.#filled += piece.length;
      at += piece.length;
      if (this.#filled === this.#buffer.length) this.#flush();
    }
  }

  /** Writes the rest and sets the file's length. */
  end(): void {
    this.#flush();
    this.#target.truncate(this.#flushed);
  }

  #flush(): void {
    this.#target.writeAt(this.#buffer.subarray(0, this.#filled), this.#flushed);
    this.#flushed += this.#filled;
    this.#filled = 0;
  }
}
