import { type ClusterMapping, PARTS_IN_CLUSTER, type Qcow2Image } from "./qcow2.ts";
import { corrupt } from "./qcow2_header.ts";
import { Qcow2Places } from "./qcow2_places.ts";

/** What an image's tables promise, before anything is written. */
export interface Qcow2Summary {
  /** Plain data in bytes. */
  plainBytes: number;
  /** Compressed data in bytes, unpacked. */
  compressedBytes: number;
}

/** Second-level tables between two chances for others to run (and to interrupt). */
const TABLES_BETWEEN_PAUSES = 16;
/** First-level entries between two such chances. */
const ENTRIES_BETWEEN_PAUSES = 65_536;

/**
 * Reads all tables once. Besides the sums it refuses what no writer makes and what would let a
 * small file grow without end: a table that is used twice or is something else as well, data that
 * is a table, more plain data than the file has.
 * @throws {CocoonError} `failed` when the image is damaged
 */
export async function scanQcow2(
  image: Qcow2Image,
  fileBytes: number,
  signal?: AbortSignal,
): Promise<Qcow2Summary> {
  const tables = Math.ceil(image.header.virtualBytes / image.bytesInTable);
  const clustersInTable = image.bytesInTable / image.clusterBytes;
  const places = new Qcow2Places(image.header, await tableOffsets(image, tables, signal));
  const summary: Qcow2Summary = { plainBytes: 0, compressedBytes: 0 };
  let seen = 0;
  for (let table = 0; table < tables; table++) {
    const offset = image.tableOffset(table);
    if (offset === 0) continue;
    if (seen % TABLES_BETWEEN_PAUSES === 0) await pause(signal);
    seen++;
    const first = table * clustersInTable;
    const end = Math.min(first + clustersInTable, image.clusterCount);
    for (let index = first; index < end; index++) add(summary, image, places, index);
    if (summary.plainBytes > fileBytes + image.clusterBytes) {
      throw corrupt("more clusters are mapped than the file has");
    }
  }
  return summary;
}

async function tableOffsets(
  image: Qcow2Image,
  tables: number,
  signal: AbortSignal | undefined,
): Promise<Float64Array> {
  const offsets = new Float64Array(tables);
  let found = 0;
  for (let table = 0; table < tables; table++) {
    if (table % ENTRIES_BETWEEN_PAUSES === 0) await pause(signal);
    const offset = image.tableOffset(table);
    if (offset !== 0) offsets[found++] = offset;
  }
  return offsets.subarray(0, found);
}

function add(
  summary: Qcow2Summary,
  image: Qcow2Image,
  places: Qcow2Places,
  index: number,
): void {
  const mapping: ClusterMapping = image.cluster(index);
  if (mapping.kind === "zero") return;
  // Of packed data only the beginning is known to be its own: the length is an upper bound.
  places.checkData(mapping.offset, mapping.kind === "compressed" ? 1 : image.clusterBytes);
  if (mapping.kind === "data") summary.plainBytes += image.clusterBytes;
  else if (mapping.kind === "compressed") summary.compressedBytes += image.clusterBytes;
  else if (mapping.kind === "parts") {
    const partBytes = image.clusterBytes / PARTS_IN_CLUSTER;
    for (let bits = mapping.dataBits; bits !== 0; bits &= bits - 1) summary.plainBytes += partBytes;
  }
}

async function pause(signal?: AbortSignal): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 0));
  signal?.throwIfAborted();
}
