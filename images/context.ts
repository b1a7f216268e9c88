import type { Host } from "../plugins/contract.ts";
import type { Home } from "../state/home.ts";
import type { Store } from "../state/store.ts";

/** What every function of this folder works on. */
export interface ImageContext {
  home: Home;
  store: Store;
  host: Pick<Host, "os" | "architecture" | "cpus" | "exists" | "env" | "which" | "run" | "now">;
}

/**
 * What takes time when an image is added or published, in this order; each at most once.
 *
 * | phase | bytes are |
 * |---|---|
 * | `wait` | downloaded by another command that is at the same URL |
 * | `download` | received from a server or from standard input |
 * | `hash` | read of a local file |
 * | `unpack` | read of a packed file |
 * | `convert` | of the guest's disk, written from an image of another format |
 * | `seal` | of the guest's disk, read for its digest |
 * | `pack` | of the guest's disk, read to be compressed |
 * | `upload` | sent to a registry |
 */
export type ProgressPhase =
  | "wait"
  | "download"
  | "hash"
  | "unpack"
  | "convert"
  | "seal"
  | "pack"
  | "upload";

/** How far a phase is. */
export interface Progress {
  phase: ProgressPhase;
  doneBytes: number;
  /** Absent while nobody knows. */
  totalBytes?: number;
}

/** Called often; must not throw. */
export type ProgressCallback = (progress: Progress) => void;

/** Path of an image's disk. */
export function diskPath(home: Home, digest: string): string {
  return `${home.imageDir(digest)}/disk.raw`;
}
