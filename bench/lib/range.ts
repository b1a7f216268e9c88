/** The bytes from `start` to before `end`. */
export interface ByteRange {
  start: number;
  end: number;
}

/**
 * One range of a `Range` header (RFC 9110, 14.2) within a file of `size` bytes; undefined for
 * everything that a server may answer with the whole file.
 */
export function parseRange(header: string | null, size: number): ByteRange | undefined {
  const match = /^bytes=(\d+)-(\d*)$/.exec(header ?? "");
  if (match === null) return undefined;
  const [, first = "", last = ""] = match;
  const start = Number(first);
  const end = last === "" ? size : Math.min(Number(last) + 1, size);
  return start < end ? { start, end } : undefined;
}
