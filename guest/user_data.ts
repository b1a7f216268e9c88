/** The user's own user-data (`--user-data FILE`), and how it becomes one with ours. */
import { CocoonError } from "../errors/error.ts";
import { unreadable } from "../errors/file_error.ts";
import { basename } from "../host/path.ts";
import { mergeCloudConfig } from "./cloud_init_merge.ts";
import { mimeArchive, type MimePart } from "./mime.ts";
import { readCloudConfig } from "./yaml_read.ts";
import { writeYaml, type YamlMap } from "./yaml_write.ts";

/** A user-data file as read; gzip is undone. */
export interface UserData {
  /** Its path as the user wrote it, for messages. */
  file: string;
  bytes: Uint8Array;
}

const CLOUD_CONFIG = "text/cloud-config";

/** First lines and the types of their files (cloud-init, `user_data.py` and "User-data formats"). */
const HEADERS: readonly (readonly [string, string])[] = [
  // Longer ones first: a header may begin with another.
  ["#cloud-config-archive", "text/cloud-config-archive"],
  ["#cloud-config-jsonp", "text/cloud-config-jsonp"],
  ["#cloud-config", CLOUD_CONFIG],
  ["#cloud-boothook", "text/cloud-boothook"],
  ["#include-once", "text/x-include-once-url"],
  ["#include", "text/x-include-url"],
  ["#part-handler", "text/part-handler"],
  ["## template: jinja", "text/jinja2"],
  ["#!", "text/x-shellscript"],
];

/** Far above real user data; it is held in memory. */
const MAX_USER_DATA_BYTES = 16 * 1024 * 1024;

/**
 * Tells cloud-init how to put our part to one that it reads before (its "Merging user-data
 * sections"): as {@linkcode mergeCloudConfig} does.
 */
const MERGE_HOW = "list(append)+dict(no_replace,recurse_list)+str()";

/**
 * Reads a user-data file.
 * @throws {CocoonError} as `unreadable`, and `usage` when it is no text
 */
export async function readUserData(file: string): Promise<UserData> {
  let bytes: Uint8Array;
  try {
    bytes = await readLimited(file);
  } catch (cause) {
    if (cause instanceof CocoonError) throw cause;
    throw unreadable(`user data ${file}`, cause);
  }
  return {
    file,
    bytes: bytes[0] === 0x1f && bytes[1] === 0x8b ? await gunzip(file, bytes) : bytes,
  };
}

/**
 * The content of the seed's `user-data`: ours alone, merged with the user's `#cloud-config`, or
 * both as parts of a MIME archive when the user's is a script, a template or anything else.
 * @throws {CocoonError} `usage`, with the position of a mistake in the user's YAML
 */
export async function composeUserData(ours: YamlMap, theirs?: UserData): Promise<string> {
  if (theirs === undefined) return `#cloud-config\n${writeYaml(ours)}\n`;
  const { file } = theirs;
  const text = decode(theirs);
  if (text.trim() === "") return composeUserData(ours);
  const contentType = contentTypeOf(text, file);
  if (contentType === CLOUD_CONFIG) {
    const merged = mergeCloudConfig(await readCloudConfig(text, file), ours, file);
    return `#cloud-config\n${writeYaml(merged)}\n`;
  }
  const our = `#cloud-config\n${writeYaml({ ...ours, merge_how: MERGE_HOW })}\n`;
  const part: MimePart = contentType === undefined ? { message: text } : {
    contentType,
    filename: basename(file).replace(/[^A-Za-z0-9._-]/g, "_"),
    body: new TextEncoder().encode(text),
  };
  return mimeArchive([part, {
    contentType: CLOUD_CONFIG,
    filename: "cocoon.cfg",
    body: new TextEncoder().encode(our),
  }]);
}

/** The type of a file by its first line; undefined for a MIME message, which says it itself. */
function contentTypeOf(text: string, file: string): string | undefined {
  const header = HEADERS.find(([start]) => text.startsWith(start));
  if (header !== undefined) return header[1];
  if (/^[A-Za-z-]+: /.test(text) && /^mime-version:/im.test(text.slice(0, 4096))) return undefined;
  throw new CocoonError("usage", `${file}: its first line is not one that cloud-init knows`, {
    hint: "Begin it with #cloud-config for YAML, or with #!/bin/sh for a script.",
    position: { file, line: 1, column: 1 },
  });
}

function decode({ file, bytes }: UserData): string {
  try {
    // Without a byte order mark, which would hide the first line from cloud-init.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new CocoonError("usage", `${file}: not UTF-8 text`, { cause });
  }
}

async function readLimited(file: string): Promise<Uint8Array> {
  using handle = await Deno.open(file);
  return await collect(handle.readable, file);
}

async function gunzip(file: string, bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([Uint8Array.from(bytes)]).stream()
    .pipeThrough(new DecompressionStream("gzip"));
  try {
    return await collect(stream, file);
  } catch (cause) {
    if (cause instanceof CocoonError) throw cause;
    throw new CocoonError("usage", `${file}: damaged gzip data`, { cause });
  }
}

async function collect(stream: ReadableStream<Uint8Array>, file: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_USER_DATA_BYTES) {
      throw new CocoonError("usage", `user data ${file}: larger than 16 MiB`);
    }
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
