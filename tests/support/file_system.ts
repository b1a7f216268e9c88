/** Real file systems for tests, on loop devices: Linux, root and `mkfs.TYPE` are needed. */
import { CocoonError } from "../../errors/error.ts";

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
