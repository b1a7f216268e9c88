import { CocoonError } from "../../errors/error.ts";
import { findSystemProgram } from "../../host/system_program.ts";
import { dirname } from "../../host/path.ts";
import type { Host } from "../../plugins/contract.ts";
import { leavingSpace } from "../disk/space.ts";
import { installLine } from "../unwrap/install_line.ts";

/** Older ones damage some layers without a word (their tar mode writes what cannot be read). */
const MIN_VERSION = { major: 1, minor: 8 };

const WHERE_IT_IS_NEW =
  "It must be erofs-utils 1.8 or newer, which Debian 13, Ubuntu 25.04, Fedora 41 and Homebrew " +
  "have; Debian 12 has 1.5.";

/** Milliseconds that it may take for one piece of the archive, or for its end. */
const STALL_MS = 120_000;

/** Of what it says on standard error. */
const MAX_COMPLAINT_CHARACTERS = 500;

/**
 * Finds a `mkfs.erofs` that can be trusted with layers.
 * @throws {CocoonError} `host-lacks`
 */
export async function findMkfsErofs(host: Pick<Host, "os" | "which" | "run">): Promise<string> {
  const name = "mkfs.erofs";
  const path = findSystemProgram(host, name);
  if (path === undefined) {
    throw new CocoonError("host-lacks", "its layers need mkfs.erofs, which is not installed here", {
      hint: `${installLine(host, name)}\n${WHERE_IT_IS_NEW}`,
    });
  }
  const { stdout, stderr } = await host.run([path, "--version"]);
  const version = /(\d+)\.(\d+)/.exec(`${stdout}${stderr}`);
  const [major, minor] = [Number(version?.[1]), Number(version?.[2])];
  const isNew = major > MIN_VERSION.major ||
    major === MIN_VERSION.major && minor >= MIN_VERSION.minor;
  if (!isNew) {
    throw new CocoonError(
      "host-lacks",
      `its layers need mkfs.erofs 1.8 or newer, and ${path} is ${version?.[0] ?? "of no version"}`,
      { hint: WHERE_IT_IS_NEW },
    );
  }
  return path;
}

/** What is made into a file system. */
export interface ErofsSource {
  /** A tar archive, not compressed. */
  archive: AsyncIterable<Uint8Array>;
  /** `sha256:HEX` of the layer: the same layer gets the same file system everywhere. */
  digest: string;
}

/**
 * Makes a read-only file system of a layer, with its whiteouts in the form that overlayfs knows.
 * @throws {CocoonError} `failed`
 */
export async function makeErofs(
  program: string,
  source: ErofsSource,
  targetPath: string,
  signal?: AbortSignal,
): Promise<void> {
  const child = new Deno.Command(program, {
    // The order of the archive: no copy of the whole of it is needed. Times are the files' own.
    args: [
      ...["--quiet", "--tar=f", "--aufs", "--sort=none", "-zlz4hc", "-C4096"],
      ...["-T0", `-U${uuidOf(source.digest)}`, targetPath],
    ],
    stdin: "piped",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const kill = () => {
    try {
      child.kill("SIGKILL");
    } catch { /* it has ended already */ }
  };
  let fault: unknown;
  const fail = (error: unknown) => {
    fault ??= error;
    kill();
  };
  const interrupt = () => fail(signal?.reason);
  signal?.addEventListener("abort", interrupt, { once: true });
  let timer: ReturnType<typeof setTimeout> | undefined;
  const touch = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      fail(new CocoonError("failed", `mkfs.erofs did nothing for ${STALL_MS} ms; it was killed`));
    }, STALL_MS);
  };
  let said: string;
  let success: boolean;
  try {
    const complaint = new Response(child.stderr).text();
    await feed(child.stdin, leavingSpace(dirname(targetPath), source.archive), touch).catch(fail);
    ({ success } = await child.status);
    said = (await complaint).trim();
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", interrupt);
  }
  if (fault !== undefined) throw fault;
  if (!success) {
    throw new CocoonError(
      "failed",
      `mkfs.erofs cannot read its layer: ${said.slice(-MAX_COMPLAINT_CHARACTERS)}`,
      { hint: "Tell whoever published the image." },
    );
  }
}

async function feed(
  stdin: WritableStream<Uint8Array>,
  archive: AsyncIterable<Uint8Array>,
  onPiece: () => void,
): Promise<void> {
  const writer = stdin.getWriter();
  let isOpen = true;
  try {
    for await (const piece of archive) {
      if (!isOpen) continue;
      onPiece();
      try {
        // It has been taken when this resolves; the piece may then be overwritten.
        await writer.write(piece);
      } catch {
        // It ended before its input did; its exit status tells whether that matters.
        isOpen = false;
      }
    }
  } finally {
    onPiece();
    await writer.close().catch(() => {});
  }
}

/** A UUID of version 8 (RFC 9562, section 5.8) made of a digest. */
function uuidOf(digest: string): string {
  const hex = digest.slice(digest.indexOf(":") + 1);
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `8${hex.slice(13, 16)}`];
  return [...parts, `a${hex.slice(17, 20)}`, hex.slice(20, 32)].join("-");
}
