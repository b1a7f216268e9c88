/** qcow2 images that are small and unpack to much, for tests. */
import { deflateRawSync } from "node:zlib";
import { qcow2Header, setEntry } from "./qcow2_header.ts";

const CLUSTER_BYTES = 64 * 1024;
const ENTRIES_IN_TABLE = CLUSTER_BYTES / 8;
const L1 = 0x10000;
const FIRST_TABLE = 0x20000;
const COMPRESSED = 1n << 62n;

/**
 * An image of `tables` x 512 MiB whose clusters are all the same packed one.
 * @param fill each byte of that cluster
 */
export function qcow2Bomb(tables: number, fill: number): Uint8Array<ArrayBuffer> {
  const packed = deflateRawSync(new Uint8Array(CLUSTER_BYTES).fill(fill));
  const packedAt = FIRST_TABLE + tables * CLUSTER_BYTES;
  const bytes = new Uint8Array(packedAt + CLUSTER_BYTES);
  const size = BigInt(tables * ENTRIES_IN_TABLE * CLUSTER_BYTES);
  bytes.set(qcow2Header({ size, l1Entries: tables }).subarray(0, FIRST_TABLE));
  for (let table = 0; table < tables; table++) {
    const at = FIRST_TABLE + table * CLUSTER_BYTES;
    setEntry(bytes, L1 + table * 8, BigInt(at) | 1n << 63n);
    for (let i = 0; i < ENTRIES_IN_TABLE; i++) {
      setEntry(bytes, at + i * 8, COMPRESSED | BigInt(packedAt));
    }
  }
  bytes.set(packed, packedAt);
  return bytes;
}
