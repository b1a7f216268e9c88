/** `--bootloader`, and the three flags that were before it. */
import { VfkitError } from "./error.ts";
import type { ParsedFlags } from "./flags.ts";
import { type Option, parseOptions, trimQuotes } from "./option_list.ts";

/** How the guest is booted. */
export type Bootloader =
  | { kind: "efi"; variableStorePath: string; create: boolean }
  | { kind: "linux"; kernelPath: string; initrdPath: string; commandLine: string }
  | {
    kind: "macos";
    machineIdentifierPath: string;
    hardwareModelPath: string;
    auxImagePath: string;
  };

/** @throws {VfkitError} */
export function parseBootloader(flags: ParsedFlags): Bootloader {
  const { kernel, initrd, kernelCmdline } = flags;
  if (kernel !== "" || initrd !== "" || kernelCmdline !== "") {
    return { kind: "linux", kernelPath: kernel, initrdPath: initrd, commandLine: kernelCmdline };
  }
  const [type, ...items] = flags.bootloader;
  if (type === undefined) {
    throw new VfkitError("empty option list in --bootloader command line argument");
  }
  const options = parseOptions(items);
  switch (type) {
    case "efi":
      return efi(options);
    case "linux":
      return linux(options);
    case "macos":
      return macos(options);
    default:
      throw new VfkitError(`unknown bootloader type: ${type}`);
  }
}

function efi(options: readonly Option[]): Bootloader {
  const boot = { kind: "efi" as const, variableStorePath: "", create: false };
  for (const { key, value } of options) {
    if (key === "variable-store") boot.variableStorePath = value;
    else if (key === "create") {
      if (value !== "") {
        throw new VfkitError(`unexpected value for EFI bootloader 'create' option: ${value}`);
      }
      boot.create = true;
    } else throw new VfkitError(`unknown option for EFI bootloaders: ${key}`);
  }
  return boot;
}

function linux(options: readonly Option[]): Bootloader {
  const boot = { kind: "linux" as const, kernelPath: "", initrdPath: "", commandLine: "" };
  for (const { key, value } of options) {
    if (key === "kernel") boot.kernelPath = value;
    else if (key === "initrd") boot.initrdPath = value;
    else if (key === "cmdline") boot.commandLine = trimQuotes(value);
    else throw new VfkitError(`unknown option for Linux bootloaders: ${key}`);
  }
  return boot;
}

function macos(options: readonly Option[]): Bootloader {
  const paths = { machineIdentifierPath: "", hardwareModelPath: "", auxImagePath: "" };
  for (const { key, value } of options) {
    if (!(key in paths)) throw new VfkitError(`unknown option for macOS bootloaders: ${key}`);
    paths[key as keyof typeof paths] = value; // it is one of them
  }
  return { kind: "macos", ...paths };
}
