import { CocoonError } from "../../errors/error.ts";
import type { Host } from "../../plugins/contract.ts";
import { type HelperProgram, installLine } from "../unwrap/install_line.ts";
import type { ForeignFormat, SourceFormat } from "./detect.ts";

/** The formats that another program reads, and which. */
const PROGRAMS = {
  xz: "xz",
  bzip2: "bzip2",
  vmdk: "qemu-img",
  vhd: "qemu-img",
  vhdx: "qemu-img",
  vdi: "qemu-img",
} as const satisfies Record<"xz" | "bzip2" | ForeignFormat, HelperProgram>;

/** A format that cocoon itself does not read. */
type HelpedFormat = keyof typeof PROGRAMS;

/**
 * Path of the program that reads a format.
 * @throws {CocoonError} `host-lacks` when it is not installed, with the line that installs it
 */
export function requireProgram(host: Pick<Host, "os" | "which">, format: HelpedFormat): string {
  const name = PROGRAMS[format];
  const path = host.which(name);
  if (path !== undefined) return path;
  const message = name === "qemu-img"
    ? `it is a ${format} image, and qemu-img, which reads those, is not installed here`
    : `it is packed with ${format}, which is not installed here`;
  throw new CocoonError("host-lacks", message, { hint: installLine(host, name) });
}

/** Refuses a format whose program is not there, before work is put into the file. */
export function checkReadable(host: Pick<Host, "os" | "which">, format: SourceFormat): void {
  if (isHelped(format)) requireProgram(host, format);
}

function isHelped(format: SourceFormat): format is HelpedFormat {
  return Object.hasOwn(PROGRAMS, format);
}
