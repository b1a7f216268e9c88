/**
 * Writes ISO 9660 images with Joliet names: a handful of files in one directory, which is what a
 * cloud-init seed is. Sources: ECMA-119 (2nd edition), clause 6 to 9; the Joliet specification.
 *
 * The same input gives the same bytes: the only date is the caller's.
 */
import { CocoonError } from "../errors/error.ts";
import { checkJolietName, isoNames } from "./iso9660_names.ts";
import {
  dateOfRecord,
  directoryBytes,
  type DirectoryEntry,
  directoryRecord,
  pathTable,
  SECTOR_BYTES,
  sectorsOf,
} from "./iso9660_records.ts";
import { volumeDescriptor, volumeTerminator } from "./iso9660_volume.ts";

/** One file of an image. */
export interface IsoFile {
  /** Up to 64 characters of the Basic Multilingual Plane; unique in the image. */
  name: string;
  data: Uint8Array;
}

/** What an image holds. */
export interface IsoOptions {
  /** Volume label, at most 16 ASCII characters; not changed in case (NoCloud wants `cidata`). */
  label: string;
  files: readonly IsoFile[];
  /** Date of the volume and of all files; written in UTC, to the second. */
  date: Date;
}

/** The image ends here at the latest: an ISO 9660 file's length is a 32-bit number. */
const MAX_FILE_BYTES = 0xffff_ffff;

/** Sectors 0 to 15 are the system area, which a data volume leaves empty (ECMA-119, 6.2.1). */
const FIRST_DESCRIPTOR_SECTOR = 16;

/**
 * Smallest image: 128 KiB. Guests that look for labels with busybox read 68 KiB (`SB_BUFFER_SIZE` of
 * its volume_id) and take any smaller disk for an empty drive.
 */
const MIN_SECTORS = 64;

/**
 * Makes an image, a whole number of 2048-byte sectors long.
 * @throws {CocoonError} `usage` for a label, a name or a number of files that cannot be written
 */
export function writeIso9660(options: IsoOptions): Uint8Array {
  const files = sorted(options.files);
  checkLabel(options.label);
  const date = dateOfRecord(options.date);
  const isoFileNames = isoNames(files.map((file) => file.name));

  const lengths = files.map((_, i) => ({
    iso: ascii(isoFileNames[i] ?? "").length,
    joliet: (files[i]?.name.length ?? 0) * 2,
  }));
  const isoDirectorySectors = sectorsOf(directoryBytes(lengths.map((l) => l.iso)));
  const jolietDirectorySectors = sectorsOf(directoryBytes(lengths.map((l) => l.joliet)));

  // Layout: descriptors, four path tables of one sector, two directories, the files.
  const pathTables = FIRST_DESCRIPTOR_SECTOR + 3;
  const isoDirectory = pathTables + 4;
  const jolietDirectory = isoDirectory + isoDirectorySectors;
  let next = jolietDirectory + jolietDirectorySectors;
  const extents = files.map((file) => {
    // An empty file has no extent; 0 keeps it inside of the volume.
    if (file.data.length === 0) return 0;
    const start = next;
    next += sectorsOf(file.data.length);
    return start;
  });
  const volumeSectors = Math.max(next, MIN_SECTORS);
  const image = new Uint8Array(volumeSectors * SECTOR_BYTES);
  const put = (sector: number, bytes: Uint8Array) => image.set(bytes, sector * SECTOR_BYTES);

  const entries = (encode: (index: number) => Uint8Array): DirectoryEntry[] =>
    files.map((file, i) => ({
      name: encode(i),
      extent: extents[i] ?? 0,
      bytes: file.data.length,
    }));
  const trees = [
    {
      joliet: false,
      directory: isoDirectory,
      sectors: isoDirectorySectors,
      tables: pathTables,
      entries: entries((i) => ascii(isoFileNames[i] ?? "")),
    },
    {
      joliet: true,
      directory: jolietDirectory,
      sectors: jolietDirectorySectors,
      tables: pathTables + 2,
      entries: entries((i) => ucs2(files[i]?.name ?? "")),
    },
  ];
  trees.forEach((tree, i) => {
    put(
      FIRST_DESCRIPTOR_SECTOR + i,
      volumeDescriptor({
        joliet: tree.joliet,
        label: options.label,
        date: options.date,
        volumeSectors,
        pathTableSector: tree.tables,
        root: directoryRecord(
          { name: new Uint8Array(1), extent: tree.directory, bytes: tree.sectors * SECTOR_BYTES },
          date,
          "directory",
        ),
      }),
    );
    put(tree.tables, pathTable(tree.directory, "little"));
    put(tree.tables + 1, pathTable(tree.directory, "big"));
    put(tree.directory, directory(tree.directory, tree.sectors, tree.entries, date));
  });
  put(FIRST_DESCRIPTOR_SECTOR + 2, volumeTerminator());
  files.forEach((file, i) => put(extents[i] ?? 0, file.data));
  return image;
}

/** Files in the order of their names, as directories must be (ECMA-119, 9.3). */
function sorted(files: readonly IsoFile[]): IsoFile[] {
  const seen = new Set<string>();
  for (const file of files) {
    checkJolietName(file.name);
    if (seen.has(file.name)) {
      throw new CocoonError("usage", `seed file ${JSON.stringify(file.name)}: given twice`);
    }
    seen.add(file.name);
    if (file.data.length > MAX_FILE_BYTES) {
      throw new CocoonError("usage", `seed file ${JSON.stringify(file.name)}: larger than 4 GiB`);
    }
  }
  return [...files].sort((a, b) => a.name < b.name ? -1 : 1);
}

function checkLabel(label: string): void {
  if (/^[A-Za-z0-9_-]{1,16}$/.test(label)) return;
  throw new CocoonError(
    "usage",
    `volume label ${JSON.stringify(label)}: not 1 to 16 letters, digits, "_" or "-"`,
  );
}

/** A root directory: itself, its parent (itself again), the files. */
function directory(
  sector: number,
  sectors: number,
  entries: readonly DirectoryEntry[],
  date: Uint8Array,
): Uint8Array {
  const bytes = new Uint8Array(sectors * SECTOR_BYTES);
  const dots = [0, 1].map((name) =>
    directoryRecord(
      { name: Uint8Array.of(name), extent: sector, bytes: bytes.length },
      date,
      "directory",
    )
  );
  // ECMA-119 orders by the name's bytes; in Joliet's big-endian UCS-2 that is the names' order.
  const ordered = [...entries].sort((a, b) => compareBytes(a.name, b.name));
  let at = 0;
  for (const record of [...dots, ...ordered.map((e) => directoryRecord(e, date, "file"))]) {
    // A record does not cross the end of a sector (ECMA-119, 6.8.1.1).
    const room = SECTOR_BYTES - at % SECTOR_BYTES;
    if (record.length > room) at += room;
    bytes.set(record, at);
    at += record.length;
  }
  return bytes;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

function ucs2(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i));
  return bytes;
}
