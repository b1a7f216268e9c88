import { CocoonError, messageOf } from "../../errors/error.ts";
import type { Host } from "../../plugins/contract.ts";
import { explainFullDisk, requireSpace, Room } from "../disk/space.ts";
import { dirname } from "../../host/path.ts";
import { MAX_DISK_BYTES } from "../limits.ts";
import { tooLarge } from "../too_large.ts";
import { checkWritten } from "../unwrap/bounds.ts";
import type { ForeignFormat } from "./detect.ts";
import { checkWhole, cutOff } from "./foreign_whole.ts";
import { requireProgram } from "./programs.ts";
import { FileReader } from "./random_access.ts";
import { type QemuImg, runQemuImg } from "./qemu_img.ts";
import { checkVmdkAlone } from "./vmdk_header.ts";

/** What qemu-img calls the formats. */
const DRIVERS: Readonly<Record<ForeignFormat, string>> = {
  vmdk: "vmdk",
  vhd: "vpc",
  vhdx: "vhdx",
  vdi: "vdi",
};

/** Options of {@linkcode convertForeign}. */
export interface ForeignOptions {
  onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Length of what the image was packed into. @default {its own} */
  packedBytes?: number | undefined;
}

/**
 * Converts an image of another program into a new sparse raw disk file, by `qemu-img`. The image is
 * not trusted: no file but itself is opened, and a disk that is too large is refused before it is
 * written.
 *
 * @returns length of the disk in bytes
 * @throws {CocoonError} `host-lacks` without qemu-img; `failed` for an image that it cannot read,
 * that needs others or has more data than one of its length; a `FullDiskError` without room
 */
export async function convertForeign(
  host: Pick<Host, "os" | "which">,
  format: ForeignFormat,
  sourcePath: string,
  targetPath: string,
  { onProgress, signal, packedBytes }: ForeignOptions = {},
): Promise<number> {
  const program = requireProgram(host, format);
  checkFile(format, sourcePath);
  const qemuImg: QemuImg = { program, signal };
  const source = sourceOption(format, sourcePath);
  const info = await runQemuImg(qemuImg, ["info", "--output=json", source]);
  const { diskBytes, isAlone } = readInfo(info);
  if (!isAlone) {
    throw new CocoonError("failed", `it is a ${format} image that needs other files`, {
      hint: "Convert it where those files are: qemu-img convert -O qcow2 FILE FILE.qcow2",
    });
  }
  if (diskBytes > MAX_DISK_BYTES) throw tooLarge(MAX_DISK_BYTES);
  const { size } = await Deno.stat(sourcePath);
  await checkPlaces(qemuImg, format, source, size);
  // Images of these formats hold no more data than they are long, save for a packed VMDK.
  requireSpace(dirname(targetPath), Math.min(size, diskBytes));
  const convert = ["convert", "-p", "-O", "raw", source, targetPath];
  const room = new Room(dirname(targetPath));
  try {
    await runQemuImg(qemuImg, convert, (text) => {
      const percent = percentOf(text);
      if (percent === undefined) return;
      checkWritten(packedBytes ?? size, allocatedBytes(targetPath));
      room.look();
      onProgress?.(Math.floor(diskBytes * percent / 100), diskBytes);
    });
  } catch (error) {
    throw explainFullDisk(error, dirname(targetPath));
  }
  onProgress?.(diskBytes, diskBytes);
  return (await Deno.stat(targetPath)).size;
}

function checkFile(format: ForeignFormat, path: string): void {
  using file = new FileReader(path);
  if (format === "vmdk") checkVmdkAlone(file);
  checkWhole(format, file);
}

/** Checks that all data of the disk has its place within the file. */
async function checkPlaces(
  qemuImg: QemuImg,
  format: ForeignFormat,
  source: string,
  fileBytes: number,
): Promise<void> {
  let rest = "";
  let end = 0;
  await runQemuImg(qemuImg, ["map", "--output=json", source], (text) => {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) end = Math.max(end, endOfExtent(line));
  });
  if (Math.max(end, endOfExtent(rest)) > fileBytes) throw cutOff(format);
}

/** End of the data that a line of the map tells of in the file; 0 where it tells of none. */
function endOfExtent(line: string): number {
  const field = (name: string) => Number(new RegExp(`"${name}": ?(\\d+)`).exec(line)?.[1] ?? NaN);
  const [length, offset] = [field("length"), field("offset")];
  return Number.isNaN(offset + length) ? 0 : offset + length;
}

/** A packed VMDK image may unpack to much more than it is. */
function allocatedBytes(path: string): number {
  try {
    return (Deno.statSync(path).blocks ?? 0) * 512;
  } catch {
    return 0; // not made yet
  }
}

/** Names the format, so that nothing is guessed, and gives it no backing file. */
function sourceOption(format: ForeignFormat, path: string): string {
  return `json:${
    JSON.stringify({
      driver: DRIVERS[format],
      file: { driver: "file", filename: path },
      ...(format === "vmdk" ? { backing: null } : {}),
    })
  }`;
}

/** The last of what `-p` has told: `(12.34/100%)`. */
function percentOf(text: string): number | undefined {
  const last = text.match(/\(\d{1,3}(?:\.\d+)?\/100%\)/g)?.at(-1);
  return last === undefined ? undefined : parseFloat(last.slice(1));
}

function readInfo(json: string): { diskBytes: number; isAlone: boolean } {
  let info: unknown;
  try {
    info = JSON.parse(json);
  } catch (cause) {
    throw new CocoonError("failed", `qemu-img told of it in no JSON: ${messageOf(cause)}`, {
      cause,
    });
  }
  const fields = typeof info === "object" && info !== null ? info : {};
  const diskBytes = "virtual-size" in fields ? Number(fields["virtual-size"]) : NaN;
  if (!Number.isSafeInteger(diskBytes) || diskBytes <= 0) {
    throw new CocoonError("failed", "qemu-img cannot tell the length of its disk");
  }
  return { diskBytes, isAlone: !("backing-filename" in fields) };
}
