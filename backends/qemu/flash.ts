import type { DiskFormat } from "../../plugins/contract.ts";

/** What a flash chip's file must agree in with the firmware that uses it. */
export interface FlashShape {
  format: DiskFormat;
  /** Bytes that the guest sees. */
  sizeBytes: number;
}

/** `QFI\xfb`: the first four bytes of every qcow2 file (docs/interop/qcow2, "Header"). */
const QCOW2_MAGIC = 0x514649fb;

/** Format and size of a firmware or variable store; undefined when it can't be read. */
export function flashShape(path: string): FlashShape | undefined {
  try {
    using file = Deno.openSync(path);
    const header = new Uint8Array(32);
    let length = 0;
    for (let n; length < header.length && (n = file.readSync(header.subarray(length)));) {
      length += n;
    }
    const view = new DataView(header.buffer);
    if (length === header.length && view.getUint32(0) === QCOW2_MAGIC) {
      return { format: "qcow2", sizeBytes: Number(view.getBigUint64(24)) };
    }
    return { format: "raw", sizeBytes: file.statSync().size };
  } catch {
    return undefined;
  }
}
