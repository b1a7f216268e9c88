import type { DiskFormat, Probe } from "../../plugins/contract.ts";
import type { Firmware } from "./firmware.ts";
import type { Accelerator } from "./settings.ts";
import type { Version } from "./version.ts";

/** Result of `probeMachine`, as the plan uses it. */
export interface QemuProbe {
  /** Absolute path of the system emulator. */
  program: string;
  version: Version;
  /** `-sandbox` is understood. */
  sandbox: boolean;
  accelerator: Accelerator;
  /** For machines that boot by EFI. */
  firmware?: Firmware;
}

/**
 * The probe with its type.
 * @throws {TypeError} for anything that `probeMachine` did not make
 */
export function readProbe(probe: Probe): QemuProbe {
  const { program, version, sandbox, accelerator, firmware } = probe;
  const [major, minor, micro] = Array.isArray(version) ? version : [];
  if (
    typeof program !== "string" || typeof sandbox !== "boolean" ||
    typeof major !== "number" || typeof minor !== "number" || typeof micro !== "number" ||
    (accelerator !== "kvm" && accelerator !== "hvf" && accelerator !== "tcg")
  ) {
    throw new TypeError("Cannot read the probe of qemu: it was made by another version");
  }
  const found = readFirmware(firmware);
  return {
    program,
    sandbox,
    accelerator,
    version: [major, minor, micro],
    ...(found === undefined ? {} : { firmware: found }),
  };
}

function readFirmware(value: Probe[string] | undefined): Firmware | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { code, vars, codeFormat, varsFormat } = value;
  if (typeof code !== "string" || typeof vars !== "string") return undefined;
  if (!isFormat(codeFormat) || !isFormat(varsFormat)) return undefined;
  return { code, vars, codeFormat, varsFormat };
}

function isFormat(value: unknown): value is DiskFormat {
  return value === "raw" || value === "qcow2";
}
