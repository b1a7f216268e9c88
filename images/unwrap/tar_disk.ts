import { CocoonError } from "../../errors/error.ts";
import { detectFormat } from "../formats/detect.ts";
import { SNIFF_BYTES } from "../limits.ts";
import { ByteSource } from "./byte_source.ts";
import { tarMembers } from "./tar_members.ts";

/** A file without any mark of a disk is taken for one only from this length on. */
const MIN_RAW_BYTES = 1024 * 1024;
/** Characters of a member's name in a message. */
const MAX_SHOWN_NAME = 80;

/**
 * The content of the one disk image in a tar archive. Small files beside it (checksums,
 * descriptions, a kernel) do not matter; what is a disk is seen by the content, and names are only
 * ever shown.
 * @throws {CocoonError} `failed` without a disk, with a second one (after the content of the
 * first), and for a damaged archive
 */
export async function* tarDisk(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const archive = new ByteSource(chunks);
  let found: string | undefined;
  try {
    for await (const member of tarMembers(archive)) {
      const content = new ByteSource(member.content);
      const head = await content.take(SNIFF_BYTES);
      if (!isDisk(head, member.bytes)) continue;
      if (found !== undefined) throw severalDisks(found, member.name);
      found = member.name;
      yield head;
      yield* content.rest();
    }
  } finally {
    await archive.close();
  }
  if (found === undefined) {
    throw new CocoonError("failed", "no file in its tar archive is a disk image", {
      hint: "Look into it with `tar -tvf FILE`.",
    });
  }
}

function isDisk(head: Uint8Array, bytes: number): boolean {
  try {
    const format = detectFormat(head);
    // A CD beside the disk is its configuration, or its drivers.
    return format !== "iso" && (format !== "raw" || bytes >= MIN_RAW_BYTES);
  } catch {
    // A text, a program, a kernel: something that is not taken for a disk.
    return false;
  }
}

function severalDisks(first: string, second: string): CocoonError {
  const shown = (name: string) => JSON.stringify(name.slice(0, MAX_SHOWN_NAME));
  return new CocoonError(
    "failed",
    `its tar archive has more than one disk image: ${shown(first)} and ${shown(second)}`,
    { hint: "Unpack it, and import the one you want: tar -xf FILE" },
  );
}
