/** What a server says of a version of a file, so that another one can be told from it. */
export interface Validators {
  etag?: string;
  lastModified?: string;
}

/**
 * The validators of an answer that are strong enough to put pieces of several answers together
 * (RFC 9110 section 8.8): an ETag that is not weak; a Last-Modified at least a second before the
 * answer's own date.
 */
export function strongValidators(headers: Headers): Validators {
  const etag = headers.get("etag");
  const lastModified = headers.get("last-modified");
  const age = Date.parse(headers.get("date") ?? "") - Date.parse(lastModified ?? "");
  return {
    ...(etag !== null && /^"[\x21\x23-\x7e\x80-\xff]*"$/.test(etag) ? { etag } : {}),
    ...(lastModified !== null && age >= 1000 ? { lastModified } : {}),
  };
}

/** All that an answer says of its version, strong or not: enough to ask whether there is another. */
export function saidValidators(headers: Headers): Validators {
  const etag = headers.get("etag");
  const lastModified = headers.get("last-modified");
  return { ...(etag === null ? {} : { etag }), ...(lastModified === null ? {} : { lastModified }) };
}

/** Value of `If-Range`: the ETag, else the date; undefined when there is neither. */
export function ifRange({ etag, lastModified }: Validators): string | undefined {
  return etag ?? lastModified;
}

/** Whether an answer says that it is of another version. What it does not say is no difference. */
export function contradicts(known: Validators, headers: Headers): boolean {
  const etag = headers.get("etag");
  if (known.etag !== undefined && etag !== null) return etag !== known.etag;
  const lastModified = headers.get("last-modified");
  return known.lastModified !== undefined && lastModified !== null &&
    lastModified !== known.lastModified;
}

/** The place of a part of a file in it; `end` is the first byte after it. */
export interface ContentRange {
  start: number;
  end: number;
  /** Absent for `*`. */
  totalBytes?: number;
}

/** Reads a `Content-Range: bytes 0-9/100`; undefined for any other text. */
export function parseContentRange(text: string | null): ContentRange | undefined {
  const match = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i.exec(text ?? "");
  if (match === null) return undefined;
  const [, first, last, total] = match;
  const range = { start: Number(first), end: Number(last) + 1 };
  return total === "*" ? range : { ...range, totalBytes: Number(total) };
}
