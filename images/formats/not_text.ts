/** Text that is offered instead of a disk: the page of a login, an error in JSON, a checksum file. */
import { CocoonError } from "../../errors/error.ts";
import { SECTOR_BYTES } from "../limits.ts";

const WEB_PAGE_HINT =
  "The server sent a page instead of the image: a login, a download page or an error. " +
  "Take the address of the file itself.";

/** Control characters that are in texts: tab, line feed, form feed, carriage return. */
const TEXT_CONTROLS: readonly number[] = [9, 10, 12, 13];
/** Part of bytes beyond ASCII up to which what is no UTF-8 is taken for text of an old encoding. */
const MAX_LATIN_PART = 0.3;

/**
 * Refuses text, as far as one sector shows: no disk begins so, a boot sector or a table is binary.
 * @throws {CocoonError} `failed`
 */
export function refuseText(head: Uint8Array): void {
  const start = head.subarray(0, SECTOR_BYTES);
  if (start.length === 0) return;
  const utf16 = utf16Text(start);
  if (utf16 === undefined && hasBinary(start)) return;
  if (utf16 === undefined && !isByteText(start)) {
    // Too short to tell what it was: its length is what is wrong with it.
    if (start.length < SECTOR_BYTES) return;
    throw new CocoonError("failed", "it is packed data of no known format, no disk image", {
      hint: "Unpack it, and give the disk image itself (qcow2 or raw).",
    });
  }
  const page = pageOf((utf16 ?? new TextDecoder().decode(start)).trimStart().toLowerCase());
  if (page !== undefined) {
    throw new CocoonError("failed", `it is ${page}, no disk image`, { hint: WEB_PAGE_HINT });
  }
  throw new CocoonError("failed", "it is text, no disk image", {
    hint: "Give the disk image itself (qcow2 or raw).",
  });
}

function pageOf(text: string): string | undefined {
  if (/^(<!doctype html|<html|<head|<body)/.test(text)) return "a web page (HTML)";
  if (text.startsWith("<")) return "an XML document";
  return text.startsWith("{") || text.startsWith("[") ? "a JSON document" : undefined;
}

/** Text of UTF-16; it begins with a byte order mark, or with a tag. */
function utf16Text(start: Uint8Array): string | undefined {
  const first = (start[0] ?? 0) * 256 + (start[1] ?? 0);
  const encoding = first === 0xfffe || first === 0x3c00
    ? "utf-16le"
    : first === 0xfeff || first === 0x003c
    ? "utf-16be"
    : undefined;
  if (encoding === undefined) return undefined;
  const text = new TextDecoder(encoding).decode(start.subarray(0, start.length & ~1));
  return hasBinary([...text].map((c) => c.codePointAt(0) ?? 0)) ? undefined : text;
}

/** Whether bytes without control characters are text of UTF-8 or an older encoding. */
function isByteText(start: Uint8Array): boolean {
  // The last character may be cut.
  const text = new TextDecoder().decode(start, { stream: true });
  const beyondAscii = start.reduce((count, byte) => byte < 0x80 ? count : count + 1, 0);
  return !text.includes("\ufffd") || beyondAscii <= start.length * MAX_LATIN_PART;
}

function hasBinary(codes: ArrayLike<number>): boolean {
  return Array.from(codes).some((code) => code < 0x20 && !TEXT_CONTROLS.includes(code));
}
