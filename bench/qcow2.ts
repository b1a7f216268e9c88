/**
 * How long it takes to make a raw disk of a qcow2 image, against `qemu-img convert`.
 *
 * ```sh
 * deno run -A --no-check bench/qcow2.ts [ROUNDS]
 * ```
 * Both are whole processes, start included, that read the same file from a warm cache and write to
 * the same file system; they take turns, so that what else the computer does hits both.
 */
import { convertQcow2 } from "../images/convert/convert.ts";
import { diskDigest } from "../images/disk/digest.ts";
import { realHost } from "../host/host.ts";

const MIB = 1024 * 1024;
const DISK_BYTES = 4096 * MIB;
/** Data of which every twelfth MiB is noise, as in a file system with compressed files. */
const DATA_BYTES = 1536 * MIB;
const NOISE_EVERY = 12;
/** Pieces of this length, spread over the disk. */
const EXTENT_BYTES = 3 * MIB;
/** Half a minute is much, but other work on the computer may take most of it. */
const TIMEOUT_MS = 600_000;

/** One line of the result; times are medians. */
export interface Qcow2Comparison {
  /** Kind of the image, e.g. `zlib`. */
  image: string;
  cocoonMs: number;
  qemuImgMs: number;
  /** `cocoonMs / qemuImgMs`: below 1, cocoon is faster. */
  ratio: number;
  /** Highest resident memory of cocoon's process. */
  peakBytes: number;
  /** Digest of the finished disk, which `qemu-img convert` does not do. */
  sealMs: number;
}

const IMAGES: Record<string, string[]> = {
  plain: [],
  zlib: ["-c"],
  zstd: ["-c", "-o", "compression_type=zstd"],
};

/** Measures all three kinds of image; takes some minutes and 8 GiB in the temporary folder. */
export async function benchQcow2(rounds = 5): Promise<Qcow2Comparison[]> {
  const folder = await Deno.makeTempDir({ prefix: "bench-qcow2-" });
  try {
    makeDisk(`${folder}/disk`);
    const results: Qcow2Comparison[] = [];
    for (const [image, options] of Object.entries(IMAGES)) {
      const source = `${folder}/${image}`;
      await qemuImg("convert", "-f", "raw", "-O", "qcow2", ...options, `${folder}/disk`, source);
      results.push(await compare(image, source, folder, rounds));
      await Deno.remove(source);
    }
    return results;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function compare(
  image: string,
  source: string,
  folder: string,
  rounds: number,
): Promise<Qcow2Comparison> {
  const target = `${folder}/raw`;
  const cocoon: ChildReport[] = [];
  const qemu: number[] = [];
  for (let round = 0; round < rounds; round++) {
    cocoon.push(await convertInChild(source, target));
    await Deno.remove(target);
    const started = performance.now();
    await qemuImg("convert", "-f", "qcow2", "-O", "raw", source, target);
    qemu.push(performance.now() - started);
    await Deno.remove(target);
  }
  const cocoonMs = median(cocoon.map((run) => run.wholeMs));
  const qemuImgMs = median(qemu);
  return {
    image,
    cocoonMs,
    qemuImgMs,
    ratio: cocoonMs / qemuImgMs,
    peakBytes: Math.max(...cocoon.map((run) => run.peakBytes)),
    sealMs: median(cocoon.map((run) => run.sealMs)),
  };
}

interface ChildReport {
  /** The process from its start to its end, without the seal. */
  wholeMs: number;
  sealMs: number;
  peakBytes: number;
}

async function convertInChild(source: string, target: string): Promise<ChildReport> {
  const script = new URL(import.meta.url).pathname;
  const started = performance.now();
  const { code, stdout, stderr } = await realHost().run(
    [Deno.execPath(), "run", "-A", "--no-check", script, "--convert", source, target],
    { timeoutMs: TIMEOUT_MS },
  );
  const wholeMs = performance.now() - started;
  if (code !== 0) throw new Error(`conversion failed: ${stderr}`);
  const { sealMs, peakBytes } = JSON.parse(stdout);
  return { wholeMs: wholeMs - sealMs, sealMs, peakBytes };
}

/** What the child does. */
async function convertAndReport(source: string, target: string): Promise<void> {
  await convertQcow2(source, target);
  const peakBytes = peakMemory();
  const started = performance.now();
  await diskDigest(target);
  console.log(JSON.stringify({ sealMs: performance.now() - started, peakBytes }));
}

/** Highest resident memory of this process; 0 where the system does not tell (macOS). */
function peakMemory(): number {
  if (Deno.build.os !== "linux") return Deno.memoryUsage().rss;
  const line = /VmHWM:\s+(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status"));
  return Number(line?.[1] ?? 0) * 1024;
}

/** A disk like an installed system's: programs, libraries and documents of this computer, noise. */
function makeDisk(path: string): void {
  using disk = Deno.openSync(path, { write: true, createNew: true });
  disk.truncateSync(DISK_BYTES);
  const step = Math.floor(DISK_BYTES / (DATA_BYTES / EXTENT_BYTES) / 4096) * 4096;
  const content = systemContent();
  let extent = 0;
  for (let written = 0; written < DATA_BYTES; written += EXTENT_BYTES) {
    disk.seekSync(step * extent++, Deno.SeekMode.Start);
    for (let part = 0; part < EXTENT_BYTES / MIB; part++) {
      const noise = (written / MIB + part) % NOISE_EVERY === 0;
      const bytes = noise ? randomBytes() : content.next().value;
      for (let at = 0; at < bytes.length;) at += disk.writeSync(bytes.subarray(at));
    }
  }
}

/** Pieces of 1 MiB of the files below `/usr`, in the order of their paths, again and again. */
function* systemContent(): Generator<Uint8Array, never> {
  const piece = new Uint8Array(MIB);
  let filled = 0;
  while (true) {
    for (const path of filesBelow("/usr")) {
      using file = openOrSkip(path);
      if (file === undefined) continue;
      while (true) {
        const count = file.readSync(piece.subarray(filled));
        if (count === null) break;
        filled += count;
        if (filled < MIB) continue;
        yield piece;
        filled = 0;
      }
    }
  }
}

function openOrSkip(path: string): Deno.FsFile | undefined {
  try {
    return Deno.openSync(path, { read: true });
  } catch {
    // Not for us to read, or gone since it was listed.
    return undefined;
  }
}

function* filesBelow(folder: string): Generator<string> {
  const entries = [...Deno.readDirSync(folder)].sort((a, b) => a.name < b.name ? -1 : 1);
  for (const entry of entries) {
    if (entry.isDirectory) yield* filesBelow(`${folder}/${entry.name}`);
    else if (entry.isFile) yield `${folder}/${entry.name}`;
  }
}

function randomBytes(): Uint8Array {
  const bytes = new Uint8Array(MIB);
  for (let at = 0; at < MIB; at += 65_536) crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  return bytes;
}

async function qemuImg(...args: string[]): Promise<void> {
  const { code, stderr } = await realHost().run(["qemu-img", ...args], { timeoutMs: TIMEOUT_MS });
  if (code !== 0) throw new Error(`qemu-img ${args.join(" ")}: ${stderr}`);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

if (import.meta.main) {
  const [first, source, target] = Deno.args;
  if (first === "--convert" && source !== undefined && target !== undefined) {
    await convertAndReport(source, target);
  } else {
    console.log("image   cocoon   qemu-img   ratio   peak      seal");
    for (const r of await benchQcow2(Number(first ?? 5))) {
      const seconds = (ms: number) => `${(ms / 1000).toFixed(2)} s`;
      console.log(
        `${r.image.padEnd(7)} ${seconds(r.cocoonMs)}   ${seconds(r.qemuImgMs)}     ` +
          `${r.ratio.toFixed(2)}    ${Math.round(r.peakBytes / MIB)} MiB   ${seconds(r.sealMs)}`,
      );
    }
  }
}
