/** Disks read and written as a guest does it: raw ones as files, others through QEMU's tools. */
import type { DiskFormat } from "../../plugins/contract.ts";
import { realHost } from "../../host/host.ts";
import type { StorageFixture } from "./storage.ts";

/** A fixture on this computer. */
export function diskFixture(folder: string): StorageFixture {
  return { host: realHost(), folder, read, write };
}

async function read(path: string, format: DiskFormat): Promise<Uint8Array> {
  if (format === "raw") return await Deno.readFile(path);
  const raw = `${path}.read`;
  await tool("qemu-img", "convert", "-f", format, "-O", "raw", path, raw);
  try {
    return await Deno.readFile(raw);
  } finally {
    await Deno.remove(raw);
  }
}

async function write(
  path: string,
  format: DiskFormat,
  offset: number,
  bytes: Uint8Array,
): Promise<void> {
  if (format === "raw") {
    using file = await Deno.open(path, { write: true });
    await file.seek(offset, Deno.SeekMode.Start);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    return;
  }
  const source = `${path}.write`;
  await Deno.writeFile(source, bytes);
  try {
    const command = `write -s ${source} ${offset} ${bytes.length}`;
    await tool("qemu-io", "-f", format, "-c", command, path);
  } finally {
    await Deno.remove(source);
  }
}

async function tool(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args }).output();
  if (!success) throw new Error(`${program}: ${new TextDecoder().decode(stderr)}`);
}
