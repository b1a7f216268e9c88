/** Real file systems for tests, on loop devices: Linux, root and `mkfs.TYPE` are needed. */
import { CocoonError, isFullDisk } from "../../errors/error.ts";
import { waitFor } from "./wait_for.ts";

/** File systems that can be made here, with the least size that their `mkfs` takes. */
const KINDS = {
  btrfs: { sizeBytes: 128 << 20, mkfs: ["mkfs.btrfs", "-q"] },
  ext4: { sizeBytes: 24 << 20, mkfs: ["mkfs.ext4", "-q", "-m", "0"] },
  xfs: { sizeBytes: 320 << 20, mkfs: ["mkfs.xfs", "-q"] },
} as const;

/** Kind of a file system that {@linkcode withFileSystem} can make. */
export type FileSystemKind = keyof typeof KINDS;

/**
 * Runs `body` with the folder that an empty file system is mounted on; afterwards nothing of it is
 * left, mount and loop device included.
 * @param size in bytes; the least that there can be unless more is asked for
 * @throws an error that names the loop device when this computer does not allow one
 */
export async function withFileSystem(
  kind: FileSystemKind,
  body: (folder: string) => Promise<void>,
  size = 0,
): Promise<void> {
  const { sizeBytes, mkfs } = KINDS[kind];
  const home = await Deno.makeTempDir({ prefix: `cocoon-${kind}-` });
  try {
    const image = `${home}/image`;
    const folder = `${home}/mount`;
    await Deno.writeFile(image, new Uint8Array());
    await Deno.truncate(image, Math.max(size, sizeBytes));
    await Deno.mkdir(folder);
    await run([...mkfs, image], `a ${kind} file system cannot be made`);
    // With `-o loop` the kernel lets go of the device when the file system is unmounted.
    await run(["mount", "-o", "loop", image, folder], "a loop device cannot be mounted");
    try {
      await body(folder);
    } finally {
      await run(["umount", folder], "the loop device cannot be unmounted");
    }
  } finally {
    await Deno.remove(home, { recursive: true });
  }
}

/** Runs `body` with a file system in memory that has so much room. Linux and root are needed. */
export async function withSmallDisk(
  bytes: number,
  body: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "ct-" });
  try {
    await run(
      ["mount", "-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", folder],
      "a small disk cannot be mounted",
    );
    try {
      await body(folder);
    } finally {
      // A worker that was ended has its file open for a moment longer.
      await waitFor(
        "the end of all use",
        () => run(["umount", folder], "the small disk cannot be unmounted").then(() => true),
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Writes a file until the disk has no byte left; removing it makes room again. */
export function fillDisk(path: string): void {
  using file = Deno.openSync(path, { createNew: true, write: true });
  const noise = crypto.getRandomValues(new Uint8Array(65_536));
  for (let bytes = noise.length; bytes > 0;) {
    try {
      file.writeSync(noise.subarray(0, bytes));
    } catch (error) {
      if (!isFullDisk(error)) throw error;
      bytes >>= 1;
    }
  }
}

async function run(argv: readonly string[], complaint: string): Promise<void> {
  const [program = "", ...args] = argv;
  const hint = "This test needs Linux, root, loop devices and the file system's tools.";
  let output: Deno.CommandOutput;
  try {
    output = await new Deno.Command(program, { args, env: { PATH: SYSTEM_PATH } }).output();
  } catch (cause) {
    throw new CocoonError("host-lacks", `${complaint}: ${program}: ${cause}`, { hint, cause });
  }
  if (output.success) return;
  const why = new TextDecoder().decode(output.stderr).trim();
  throw new CocoonError("host-lacks", `${complaint}: ${argv.join(" ")}: ${why}`, { hint });
}

/** `mkfs.*` are not on the PATH of every account. */
const SYSTEM_PATH = `${Deno.env.get("PATH") ?? ""}:/usr/sbin:/sbin`;
