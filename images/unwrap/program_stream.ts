import type { Host } from "../../plugins/contract.ts";
import { requireProgram } from "../formats/programs.ts";
import { damaged } from "./damaged.ts";
import { tooMuchMemory, UNPACK_MEMORY_BYTES } from "./too_much_memory.ts";

/** Of what a program says on standard error. */
const MAX_COMPLAINT_BYTES = 4096;

/** What `xz` says first when that is not enough (its `message.c`, 5.2 and later). */
const XZ_MEMORY_COMPLAINT = /memory usage limit/i;

/** How each format is unpacked from standard input to standard output. */
const ARGUMENTS = {
  xz: ["--decompress", "--stdout", `--memlimit-decompress=${UNPACK_MEMORY_BYTES.xz}`],
  bzip2: ["--decompress", "--stdout"],
} as const;

/**
 * Unpacks xz or bzip2 with the program of that name: the runtime has neither.
 * @throws {CocoonError} `host-lacks` without the program, `failed` for damaged data, and for
 * what needs more memory than is allowed
 */
export async function* unpackByProgram(
  host: Pick<Host, "os" | "which">,
  format: "xz" | "bzip2",
  chunks: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  const program = requireProgram(host, format);
  const child = new Deno.Command(program, {
    args: [...ARGUMENTS[format]],
    // Options of the user's own must not change what comes out.
    env: { XZ_DEFAULTS: "", XZ_OPT: "", BZIP: "", BZIP2: "", LC_ALL: "C" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let sourceError: unknown;
  const feeding = feed(child.stdin, chunks).catch((error) => {
    sourceError = error;
    kill(child);
  });
  const complaint = readComplaint(child.stderr);
  try {
    yield* child.stdout.values({ preventCancel: true });
    await feeding;
    const { success } = await child.status;
    if (sourceError !== undefined) throw sourceError;
    if (!success) throw failed(format, await complaint);
  } finally {
    kill(child);
    await child.stdout.cancel();
    await Promise.all([feeding, complaint, child.status]);
  }
}

function failed(format: "xz" | "bzip2", complaint: string): Error {
  if (format === "xz" && XZ_MEMORY_COMPLAINT.test(complaint)) return tooMuchMemory(format);
  return damaged(format, complaint);
}

async function feed(
  stdin: WritableStream<Uint8Array>,
  chunks: AsyncIterable<Uint8Array>,
): Promise<void> {
  const writer = stdin.getWriter();
  for await (const chunk of chunks) {
    const isTaken = await writer.write(chunk).then(() => true, () => false);
    // The program has ended: its exit status says why.
    if (!isTaken) return;
  }
  await writer.close().catch(() => {});
}

async function readComplaint(stderr: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  for await (const bytes of stderr) {
    // Read to the end even so, or the program would wait for room.
    if (text.length < MAX_COMPLAINT_BYTES) text += new TextDecoder().decode(bytes);
  }
  return text.trim().split("\n")[0] ?? "";
}

function kill(child: Deno.ChildProcess): void {
  try {
    child.kill("SIGKILL");
  } catch { /* it has ended */ }
}
