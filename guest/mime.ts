/** MIME archives as cloud-init reads them ("User-data formats", MIME multi-part archive). */

/** One part of an archive. */
export type MimePart =
  | {
    /** `text/cloud-config`, `text/x-shellscript`, ... */
    contentType: string;
    filename: string;
    body: Uint8Array;
  }
  /** A message with headers of its own, such as another archive, as it stands. */
  | { message: string };

const LINE_CHARACTERS = 76;

/**
 * A `multipart/mixed` message. Bodies are base64: cloud-init's mail parser damages other characters
 * than ASCII in any other encoding.
 */
export function mimeArchive(parts: readonly MimePart[]): string {
  const bodies = parts.map((part) =>
    "message" in part ? part.message : [
      `Content-Type: ${part.contentType}; charset="utf-8"`,
      "MIME-Version: 1.0",
      "Content-Transfer-Encoding: base64",
      `Content-Disposition: attachment; filename="${part.filename}"`,
      "",
      ...(part.body.toBase64().match(new RegExp(`.{1,${LINE_CHARACTERS}}`, "g")) ?? []),
    ].join("\n")
  );
  let boundary = "==cocoon==";
  while (bodies.some((body) => body.includes(boundary))) boundary += "=";
  return [
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    "MIME-Version: 1.0",
    "",
    ...bodies.flatMap((body) => [`--${boundary}`, body]),
    `--${boundary}--`,
    "",
  ].join("\n");
}
