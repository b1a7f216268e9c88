import { constants, inflateRawSync, zstdDecompressSync } from "node:zlib";
import { corrupt, type Qcow2Compression } from "./qcow2_header.ts";
import { zstdFrameLength } from "./zstd_frame.ts";

/**
 * Unpacks one compressed cluster. `packed` may have anything behind the data: clusters are packed
 * end to end and their lengths are rounded up to sectors.
 * @throws {CocoonError} `failed` unless it gives exactly `clusterBytes`
 */
export function unpackCluster(
  packed: Uint8Array<ArrayBuffer>,
  clusterBytes: number,
  compression: Qcow2Compression,
): Uint8Array {
  // One byte more than is expected, so that zlib needs one round and one buffer for a cluster.
  const options = { chunkSize: Math.max(clusterBytes + 1, 4096), maxOutputLength: clusterBytes };
  let unpacked: Uint8Array;
  try {
    unpacked = compression === "zstd"
      ? zstdDecompressSync(packed.subarray(0, zstdFrameLength(packed)), options)
      // SYNC_FLUSH: the input's end is the end of a sector, not of the deflate stream.
      : inflateRawSync(packed, { ...options, finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    throw corrupt(`a cluster that is no ${compression} data`);
  }
  if (unpacked.length !== clusterBytes) {
    throw corrupt(`a compressed cluster has ${unpacked.length} bytes instead of ${clusterBytes}`);
  }
  return unpacked;
}
