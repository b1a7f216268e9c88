/** Volume descriptors of ISO 9660 and Joliet (ECMA-119, clause 8). */
import { PATH_TABLE_BYTES, SECTOR_BYTES, setBoth16, setBoth32 } from "./iso9660_records.ts";

/** What a descriptor says. */
export interface VolumeOptions {
  /** The supplementary descriptor with names in UCS-2; else the primary one. */
  joliet: boolean;
  label: string;
  date: Date;
  volumeSectors: number;
  /** Sector of the little-endian path table; the big-endian one is in the next. */
  pathTableSector: number;
  /** Record of the root directory. */
  root: Uint8Array;
}

/** A primary (8.4) or supplementary (8.5) volume descriptor, one sector. */
export function volumeDescriptor(options: VolumeOptions): Uint8Array {
  const sector = new Uint8Array(SECTOR_BYTES);
  const view = new DataView(sector.buffer);
  const text = (at: number, bytes: number, value: string) => {
    for (let i = 0; i < bytes; i += options.joliet ? 2 : 1) {
      const code = value.charCodeAt(options.joliet ? i / 2 : i) || 0x20;
      if (options.joliet) {
        // Fields of odd length keep a last zero byte, as UCS-2 cannot fill it.
        if (i + 1 < bytes) view.setUint16(at + i, code);
      } else sector[at + i] = code;
    }
  };
  identify(sector, options.joliet ? 2 : 1);
  text(8, 32, ""); // system
  text(40, 32, options.label);
  setBoth32(view, 80, options.volumeSectors);
  if (options.joliet) sector.set([0x25, 0x2f, 0x45], 88); // %/E: UCS-2 level 3
  setBoth16(view, 120, 1); // volumes in the set
  setBoth16(view, 124, 1); // this one's number
  setBoth16(view, 128, SECTOR_BYTES);
  setBoth32(view, 132, PATH_TABLE_BYTES);
  view.setUint32(140, options.pathTableSector, true);
  view.setUint32(148, options.pathTableSector + 1, false);
  sector.set(options.root, 156);
  for (const at of [190, 318, 446, 574]) text(at, 128, ""); // set, publisher, preparer, application
  for (const at of [702, 739, 776]) text(at, 37, ""); // copyright, abstract, bibliography files
  sector.set(dateOfVolume(options.date), 813); // creation
  sector.set(dateOfVolume(options.date), 830); // modification
  sector.set(dateOfVolume(undefined), 847); // expiration
  sector.set(dateOfVolume(undefined), 864); // effective from
  sector[881] = 1; // version of the file structure
  return sector;
}

/** The descriptor that ends the list (8.3). */
export function volumeTerminator(): Uint8Array {
  const sector = new Uint8Array(SECTOR_BYTES);
  identify(sector, 255);
  return sector;
}

function identify(sector: Uint8Array, type: number): void {
  sector.set([type, ...new TextEncoder().encode("CD001"), 1]);
}

/** The 17-byte date of a descriptor, UTC; undefined is "not specified" (8.4.26.1). */
function dateOfVolume(date: Date | undefined): Uint8Array {
  const digits = date === undefined
    ? "0".repeat(16)
    : `${date.toISOString().replace(/\D/g, "").slice(0, 14)}00`;
  return Uint8Array.from([...new TextEncoder().encode(digits), 0]);
}
