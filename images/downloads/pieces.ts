/** One piece of a file that is fetched, and how much of it is on the disk. */
export interface Piece {
  readonly start: number;
  /** First byte after it. */
  readonly end: number;
  /** Bytes from `start` on that are in the file. */
  doneBytes: number;
  /** CRC-32 of those bytes: tells whether they really reached the disk. */
  crc32: number;
  /** Whether a connection is at it. */
  taken: boolean;
}

/** How far a piece is, as it is written down: bytes done and their CRC-32. */
export type PieceState = readonly [doneBytes: number, crc32: number];

/** The pieces of one file, and who may fetch which. */
export class PieceMap {
  readonly totalBytes: number;
  readonly pieceBytes: number;
  readonly pieces: readonly Piece[];
  /** All pieces before this one are done. */
  #firstOpen = 0;

  /** @param states of an earlier map of the same lengths; its length must be the same too */
  constructor(totalBytes: number, pieceBytes: number, states?: readonly PieceState[]) {
    this.totalBytes = totalBytes;
    this.pieceBytes = pieceBytes;
    this.pieces = Array.from({ length: Math.ceil(totalBytes / pieceBytes) }, (_, i) => {
      const [doneBytes, crc32] = states?.[i] ?? [0, 0];
      const start = i * pieceBytes;
      return {
        start,
        end: Math.min(start + pieceBytes, totalBytes),
        doneBytes,
        crc32,
        taken: false,
      };
    });
  }

  /** The first piece that is neither done nor taken; it is taken then. */
  take(): Piece | undefined {
    return this.#takeIf(this.pieces.find((piece) => !piece.taken && !isDone(piece)));
  }

  /** The piece that begins at `start`, if nothing of it has been fetched and nobody is at it. */
  takeAt(start: number): Piece | undefined {
    const piece = this.pieces[start / this.pieceBytes];
    return this.#takeIf(piece?.taken === false && piece.doneBytes === 0 ? piece : undefined);
  }

  #takeIf(piece: Piece | undefined): Piece | undefined {
    if (piece !== undefined) piece.taken = true;
    return piece;
  }

  /** Bytes on the disk without a gap from the beginning. */
  get prefixBytes(): number {
    while (true) {
      const piece = this.pieces[this.#firstOpen];
      if (piece === undefined) return this.totalBytes;
      if (!isDone(piece)) return piece.start + piece.doneBytes;
      this.#firstOpen++;
    }
  }

  get doneBytes(): number {
    return this.pieces.reduce((sum, piece) => sum + piece.doneBytes, 0);
  }

  get isComplete(): boolean {
    return this.prefixBytes === this.totalBytes;
  }

  states(): PieceState[] {
    return this.pieces.map(({ doneBytes, crc32 }) => [doneBytes, crc32]);
  }
}

/** Whether all of a piece is on the disk. */
export function isDone(piece: Piece): boolean {
  return piece.start + piece.doneBytes === piece.end;
}
