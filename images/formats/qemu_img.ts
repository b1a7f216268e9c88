import { WorkError } from "../workers/pool.ts";
import { CocoonError } from "../../errors/error.ts";

/** Milliseconds without any progress after which a run is given up. */
const IDLE_TIMEOUT_MS = 10 * 60 * 1000;
/** Of what is kept of either output; the description of an image has a kilobyte. */
const MAX_OUTPUT_BYTES = 256 * 1024;

/** How `qemu-img` is run. */
export interface QemuImg {
  /** Absolute path. */
  program: string;
  signal: AbortSignal | undefined;
}

/**
 * Runs `qemu-img` to its end and returns its standard output.
 * @param onText called with all that comes on it, also with what is too much to be returned
 * @throws {CocoonError} `failed`, with what it complains of; a `WorkError` when that is a full disk
 */
export async function runQemuImg(
  { program, signal }: QemuImg,
  args: string[],
  onText?: (text: string) => void,
): Promise<string> {
  signal?.throwIfAborted();
  const child = new Deno.Command(program, {
    args,
    env: { LC_ALL: "C" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let isIdle = false;
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch { /* it has ended */ }
  };
  const late = () => {
    isIdle = true;
    kill();
  };
  let timer = setTimeout(late, IDLE_TIMEOUT_MS);
  const onOutput = (text: string) => {
    clearTimeout(timer);
    timer = setTimeout(late, IDLE_TIMEOUT_MS);
    onText?.(text);
  };
  signal?.addEventListener("abort", kill, { once: true });
  try {
    const [output, complaint, { success }] = await Promise.all([
      collect(child.stdout, onOutput),
      collect(child.stderr, () => {}),
      child.status,
    ]);
    signal?.throwIfAborted();
    if (isIdle) {
      throw new CocoonError("failed", `qemu-img did nothing for ${IDLE_TIMEOUT_MS} ms`);
    }
    if (!success) throw failed(complaint);
    return output;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", kill);
    kill();
  }
}

async function collect(
  stream: ReadableStream<Uint8Array>,
  onText: (text: string) => void,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stream) {
    const part = decoder.decode(bytes, { stream: true });
    onText(part);
    if (text.length < MAX_OUTPUT_BYTES) text += part;
  }
  return text;
}

/** What the C library says of a disk without room (its locale is `C`), and the error's name. */
const FULL_DISK: readonly [text: string, code: string][] = [
  ["No space left on device", "ENOSPC"],
  ["Disk quota exceeded", "EDQUOT"],
  ["Disc quota exceeded", "EDQUOT"], // macOS
  ["File too large", "EFBIG"],
];

function failed(complaint: string): Error {
  const lines = complaint.trim().split("\n");
  // "qemu-img: Could not open 'json:{...}': why"; the name is ours and long.
  const why = (lines.at(-1) ?? "").replace(/^qemu-img: /, "").replace(/'json:\{.*?\}\}?'/, "it");
  const full = FULL_DISK.find(([text]) => why.endsWith(text));
  if (full !== undefined) return new WorkError(`qemu-img: ${why}`, full[1]);
  return new CocoonError("failed", `qemu-img cannot convert it: ${why}`, {
    hint: "Is it whole? Fetch it again, and compare its digest with the published one.",
  });
}
