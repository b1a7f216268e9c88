import type { Bootloader } from "../bootloader.ts";
import type { StandInOptions } from "../environment.ts";
import { VfkitError } from "../error.ts";
import { StandInError } from "../../mac_lib/error.ts";
import { pathError, stat } from "../go/path_error.ts";
import { firmwareOf, writeVariableStore } from "./firmware.ts";

/** `ARMd`, at 0x38 of the header of an uncompressed arm64 kernel. */
const IMAGE_MAGIC = [0x41, 0x52, 0x4d, 0x64];
const IMAGE_MAGIC_OFFSET = 0x38;

/**
 * Checks what the boot loader needs, and makes the EFI variable store.
 * @throws {VfkitError}
 */
export function makeBootloader(
  boot: Bootloader,
  nested: boolean,
  { mac, parseOnly, withoutGuest }: StandInOptions,
): void {
  if (boot.kind === "macos") return macos(boot, nested, mac.appleSilicon);
  if (boot.kind === "linux") return linux(boot, mac.appleSilicon);
  if (mac.macosVersion < 13) throw new VfkitError("unsupported macOS version");
  if (!boot.create) {
    stat(boot.variableStorePath);
    return;
  }
  try {
    const readBySomebody = !parseOnly && !withoutGuest;
    writeVariableStore(
      boot.variableStorePath,
      readBySomebody ? firmwareOf(mac.appleSilicon) : undefined,
    );
  } catch (error) {
    const { variables } = firmwareOf(mac.appleSilicon);
    if (String(error).includes(variables)) throw new StandInError(`${error}; install the firmware`);
    throw pathError("open", boot.variableStorePath, error);
  }
}

function linux(boot: Bootloader & { kind: "linux" }, appleSilicon: boolean): void {
  if (appleSilicon) checkUncompressed(boot.kernelPath);
  prefixed("invalid linux kernel path", () => stat(boot.kernelPath));
  // There is no way to leave it out: an empty path is looked for too.
  prefixed("invalid initial RAM disk path", () => stat(boot.initrdPath));
}

/** Intel Macs take any kernel. */
function checkUncompressed(path: string): void {
  const header = new Uint8Array(IMAGE_MAGIC_OFFSET + IMAGE_MAGIC.length);
  let length: number;
  try {
    using file = Deno.openSync(path);
    length = file.readSync(header) ?? 0;
  } catch (error) {
    throw pathError("open", path, error);
  }
  if (length < header.length) throw new VfkitError(length === 0 ? "EOF" : "unexpected EOF");
  if (IMAGE_MAGIC.some((byte, i) => header[IMAGE_MAGIC_OFFSET + i] !== byte)) {
    throw new VfkitError(`kernel must be uncompressed, ${path} is a compressed file`);
  }
}

function macos(
  boot: Bootloader & { kind: "macos" },
  nested: boolean,
  appleSilicon: boolean,
): void {
  if (!appleSilicon) {
    throw new VfkitError("running macOS guests is only supported on ARM devices");
  }
  if (nested) {
    throw new VfkitError("nested virtualization is not supported with the macOS bootloader");
  }
  prefixed("hardwareModel error", () => readable(boot.hardwareModelPath));
  prefixed("machineIdentifier error", () => readable(boot.machineIdentifierPath));
}

function readable(path: string): void {
  try {
    Deno.openSync(path).close();
  } catch (error) {
    throw pathError("open", path, error);
  }
}

function prefixed(prefix: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw error instanceof VfkitError ? new VfkitError(`${prefix}: ${error.message}`) : error;
  }
}
