/** Headers of qcow2 images made field by field (docs/interop/qcow2.txt of QEMU), for tests. */

/** Fields that differ from those of {@linkcode qcow2Header}. */
export interface HeaderFields {
  magic?: number;
  version?: number;
  backingOffset?: bigint;
  backingBytes?: number;
  clusterBits?: number;
  size?: bigint;
  encryption?: number;
  l1Entries?: number;
  l1Offset?: bigint;
  refcountOffset?: bigint;
  refcountClusters?: number;
  incompatible?: bigint;
  headerBytes?: number;
  compression?: number;
}

/** The header of an empty version 3 image of 1 MiB with clusters of 64 KiB, and its tables: 256 KiB. */
export function qcow2Header(fields: HeaderFields = {}): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(256 * 1024);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, fields.magic ?? 0x514649fb);
  view.setUint32(4, fields.version ?? 3);
  view.setBigUint64(8, fields.backingOffset ?? 0n);
  view.setUint32(16, fields.backingBytes ?? 0);
  view.setUint32(20, fields.clusterBits ?? 16);
  view.setBigUint64(24, fields.size ?? 1n << 20n);
  view.setUint32(32, fields.encryption ?? 0);
  view.setUint32(36, fields.l1Entries ?? 1);
  view.setBigUint64(40, fields.l1Offset ?? 0x10000n);
  view.setBigUint64(48, fields.refcountOffset ?? 0n);
  view.setUint32(56, fields.refcountClusters ?? 0);
  view.setBigUint64(72, fields.incompatible ?? 0n);
  view.setUint32(96, 4);
  view.setUint32(100, fields.headerBytes ?? 112);
  view.setUint8(104, fields.compression ?? 0);
  return bytes;
}

/** Writes a table entry. */
export function setEntry(bytes: Uint8Array<ArrayBuffer>, offset: number, entry: bigint): void {
  new DataView(bytes.buffer).setBigUint64(offset, entry);
}
