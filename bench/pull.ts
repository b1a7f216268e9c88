import { join } from "../host/path.ts";
import { CocoonError } from "../errors/error.ts";
import { startFileServer } from "./lib/file_server.ts";
import { cocoon, runCocoon, runProgram } from "./lib/commands.ts";
import { type Benchmark, rowsOf } from "./lib/result.ts";
import { takeTurns } from "./lib/turns.ts";

const MIB = 1024 ** 2;
const DISK_BYTES = 2048 * MIB;
/** What is made and written at once. */
const PIECE_BYTES = 64 * MIB;
/** Bytes of AES's block: what one step of the counter gives. */
const BLOCK_BYTES = 16;

const PULL = "image pull, 2 GiB";
const PEER = "curl -o, then sha256sum";
const AGAIN = "image pull, stored already";

/** A download with its check, where nothing has to be unpacked. */
export const pull: Benchmark = {
  name: "pull",
  about: "a raw disk of 2 GiB from a server on this computer, against curl and sha256sum",
  rounds: 5,
  async run(rounds) {
    const folder = await Deno.makeTempDir({ prefix: "cbench-" });
    try {
      const disk = join(folder, "disk.raw");
      await writeNoise(disk);
      const digest = await digestOf(disk);
      await using server = await startFileServer(disk);
      const home = join(folder, "home");
      const copy = join(folder, "copy.raw");
      const args = ["image", "pull", server.url, "--name", "disk", "--sha256", digest];
      const first = await takeTurns([
        {
          ...cocoon(PULL, home, args),
          after: () => runCocoon(home, ["image", "rm", "disk"]),
        },
        {
          name: PEER,
          run: async () => {
            await runProgram(["curl", "-fsS", "-o", copy, server.url]);
            if (await digestOf(copy) !== digest) throw new CocoonError("failed", "curl: torn file");
          },
          after: () => Deno.remove(copy),
        },
      ], rounds);
      await runCocoon(home, args);
      const second = await takeTurns([cocoon(AGAIN, home, args)], rounds);
      return rowsOf(new Map([...first, ...second]), { [PULL]: { peer: PEER } });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};

async function digestOf(path: string): Promise<string> {
  return (await runProgram(["sha256sum", path])).slice(0, 64);
}

/**
 * A disk without a hole that nothing can make smaller, the same on every computer: the key stream
 * of AES in counter mode, under a key that everybody knows.
 */
async function writeNoise(path: string): Promise<void> {
  const key = await crypto.subtle.importKey("raw", new Uint8Array(16), "AES-CTR", false, [
    "encrypt",
  ]);
  const zeros = new Uint8Array(PIECE_BYTES);
  using file = await Deno.open(path, { createNew: true, write: true });
  for (let at = 0; at < DISK_BYTES; at += PIECE_BYTES) {
    const counter = new Uint8Array(BLOCK_BYTES);
    new DataView(counter.buffer).setBigUint64(8, BigInt(at / BLOCK_BYTES));
    const piece = new Uint8Array(
      await crypto.subtle.encrypt({ name: "AES-CTR", counter, length: 64 }, key, zeros),
    );
    // A boot sector's signature, so that it is seen to be a disk.
    if (at === 0) piece.set([0x55, 0xaa], 510);
    for (let written = 0; written < piece.length;) {
      written += await file.write(piece.subarray(written));
    }
  }
  await file.sync();
}
