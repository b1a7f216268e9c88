import { publicUrl } from "../reference.ts";
import { type HttpDownload, type HttpLimits, openHttp, type OpenOptions } from "../sources/http.ts";

/** A file on a server, and how it is asked for. */
export interface RemoteFile {
  /** Where it comes from, without user and password; for people who look into the folder. */
  readonly source: string;
  /**
   * Whether its address names its content (a registry's blob): all answers are then of the same
   * version, whatever else they say of it, and the digest that is compared in the end is the proof.
   */
  readonly isFixed: boolean;
  /**
   * Sends one request for it.
   * @throws {CocoonError} for an answer of another status; a `TransientError` where trying again
   * may help
   */
  open(signal: AbortSignal, options?: OpenOptions): Promise<HttpDownload>;
}

/** The file behind a URL, whose content may change. */
export function urlFile(url: URL, limits: HttpLimits = {}): RemoteFile {
  return {
    source: publicUrl(url),
    isFixed: false,
    open: (signal, options) => openHttp(url, limits, signal, options),
  };
}
