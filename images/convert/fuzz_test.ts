import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import { Qcow2Image } from "../formats/qcow2.ts";
import { scanQcow2 } from "../formats/qcow2_scan.ts";
import { FileReader } from "../formats/random_access.ts";
import { CHUNK_BYTES } from "../limits.ts";
import { SparseFile } from "../disk/sparse_file.ts";
import { pseudoRandom, qemuImg, writeDisk } from "../testing/qemu_img.ts";
import { ChunkConverter } from "./chunk_converter.ts";

const MUTATIONS_OF_EACH = 150;
/** Generous: the slowest honest case takes a tenth of it on a busy machine. */
const DEADLINE_MS = 5_000;

const SUBJECTS = [
  ["-o", "cluster_size=4k"],
  ["-c", "-o", "cluster_size=16k"],
  ["-c", "-o", "cluster_size=64k,compression_type=zstd"],
  ["-o", "cluster_size=16k,extended_l2=on"],
  ["-c", "-o", "compat=0.10,cluster_size=512"],
];

Deno.test("a mutated image is converted or refused: no hang, no crash, no other error", async () => {
  const folder = await Deno.makeTempDir();
  let refused = 0;
  let converted = 0;
  try {
    writeDisk(`${folder}/disk`, { bytes: 1536 * 1024 });
    for (const [index, options] of SUBJECTS.entries()) {
      await qemuImg("convert", "-O", "qcow2", ...options, `${folder}/disk`, `${folder}/image`);
      const original = await Deno.readFile(`${folder}/image`);
      const random = new Random(1 + index);
      for (let round = 0; round < MUTATIONS_OF_EACH; round++) {
        Deno.writeFileSync(`${folder}/mutant`, mutate(original, random));
        const started = performance.now();
        try {
          await convert(`${folder}/mutant`, `${folder}/raw`);
          converted++;
        } catch (error) {
          const about = `${options}, round ${round}: ${error}`;
          assert.ok(error instanceof CocoonError && error.code === "failed", about);
          refused++;
        }
        assert.ok(performance.now() - started < DEADLINE_MS, `${options}, round ${round}: slow`);
      }
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
  // Otherwise the mutations hit nothing, or everything, and the test proves little.
  assert.ok(refused > 100, `${refused} refused, ${converted} converted`);
  assert.ok(converted > 50, `${refused} refused, ${converted} converted`);
});

/** What `convertQcow2()` does, in this thread, so that 750 images take seconds. */
async function convert(sourcePath: string, targetPath: string): Promise<void> {
  let diskBytes: number;
  {
    using source = new FileReader(sourcePath);
    const image = new Qcow2Image(source);
    await scanQcow2(image, source.size);
    diskBytes = image.header.virtualBytes;
  }
  try {
    using target = SparseFile.create(targetPath);
    target.truncate(diskBytes);
    using converter = new ChunkConverter(sourcePath, targetPath);
    for (let i = 0; i < Math.ceil(diskBytes / CHUNK_BYTES); i++) converter.convert(i);
  } finally {
    await Deno.remove(targetPath).catch(() => {/* not made */});
  }
}

/** Seeded, so that a failure comes again. */
class Random {
  readonly #bytes: DataView;
  #at = 0;

  constructor(seed: number) {
    this.#bytes = new DataView(pseudoRandom(1 << 20, seed * 7919).buffer);
  }

  below(limit: number): number {
    const value = this.#bytes.getUint32(this.#at);
    this.#at = (this.#at + 4) % (this.#bytes.byteLength - 4);
    return value % limit;
  }
}

/** Values that readers stumble over. */
const NASTY = [0n, 1n, 0xffn, 0x7fffffffn, 0xffffffffn, 1n << 62n, 1n << 63n, (1n << 64n) - 1n];

function mutate(original: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(original);
  const view = new DataView(bytes.buffer);
  // The L1 table, and the L2 table that it points to first, in both layouts' terms.
  const l1 = Number(view.getBigUint64(40));
  const l2 = Number(view.getBigUint64(l1) & 0x00ff_ffff_ffff_fe00n);
  const places = [0, 0, l1, l2, l2, l2, random.below(bytes.length)];
  for (let count = 1 + random.below(3); count > 0; count--) {
    const base = places[random.below(places.length)] ?? 0;
    const at = Math.min(base + random.below(base === 0 ? 112 : 512), bytes.length - 8);
    if (random.below(3) === 0) view.setBigUint64(at, NASTY[random.below(NASTY.length)] ?? 0n);
    else bytes[at] = random.below(256);
  }
  return random.below(8) === 0 ? bytes.subarray(0, 1 + random.below(bytes.length)) : bytes;
}
