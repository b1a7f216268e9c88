import { VfkitError } from "../error.ts";
import { parseInt64 } from "../go/number.ts";
import { formatOptions } from "../option_list.ts";
import type { DeviceParser, GpuDevice, RosettaShare, SharedFolder } from "./device.ts";

export const virtioRng: DeviceParser = (options) => {
  if (options.length > 0) {
    const all = formatOptions(options);
    throw new VfkitError(`unknown options for virtio-rng devices: ${all}`);
  }
  return { kind: "virtiorng" };
};

export const virtioBalloon: DeviceParser = (options) => {
  if (options.length > 0) {
    const all = formatOptions(options);
    throw new VfkitError(`unknown options for virtio-balloon devices: ${all}`);
  }
  return { kind: "virtioballoon" };
};

/** Whether the folder exists is looked at later. */
export const virtioFs: DeviceParser = (options) => {
  const share: SharedFolder = { kind: "virtiofs", mountTag: "", sharedDir: "" };
  for (const { key, value } of options) {
    if (key === "sharedDir") share.sharedDir = value;
    else if (key === "mountTag") share.mountTag = value;
    else throw new VfkitError(`unknown option for virtio-fs devices: ${key}`);
  }
  return share;
};

/** The manual calls the last option `ignoreIfMissing`; the program does not know that word. */
export const rosetta: DeviceParser = (options) => {
  const share: RosettaShare = {
    kind: "rosetta",
    mountTag: "",
    install: false,
    ignoreIfMissing: false,
  };
  for (const { key, value } of options) {
    if (key === "mountTag") share.mountTag = value;
    else if (key === "install") share.install = true;
    else if (key === "ignore-if-missing") share.ignoreIfMissing = true;
    else throw new VfkitError(`unknown option for rosetta share: ${key}`);
  }
  return share;
};

/** What a screen measures when nothing is said. */
export const DEFAULT_SCREEN = { width: 800, height: 600 };

export const virtioGpu: DeviceParser = (options) => {
  const gpu: GpuDevice = { kind: "virtiogpu", usesGui: false, width: 0, height: 0 };
  for (const { key, value } of options) {
    if (key !== "width" && key !== "height") {
      throw new VfkitError(`unknown option for virtio-gpu devices: ${key}`);
    }
    gpu[key] = dimension(key, value);
  }
  if (gpu.width === 0 && gpu.height === 0) return { ...gpu, ...DEFAULT_SCREEN };
  if (gpu.width < 1 || gpu.height < 1) {
    throw new VfkitError(
      `invalid dimensions for virtio-gpu device resolution: ${gpu.width}x${gpu.height}`,
    );
  }
  return gpu;
};

function dimension(key: string, value: string): number {
  try {
    return Number(parseInt64(value, "Atoi"));
  } catch (error) {
    if (!(error instanceof VfkitError)) throw error;
    throw new VfkitError(`invalid value for virtio-gpu ${key}: ${value}`);
  }
}

export const virtioInput: DeviceParser = (options) => {
  let inputType: "keyboard" | "pointing" | undefined;
  for (const { key, value } of options) {
    if (key !== "keyboard" && key !== "pointing") {
      throw new VfkitError(`unknown option for virtio-input devices: ${key}`);
    }
    if (value !== "") {
      throw new VfkitError(`unexpected value for virtio-input ${key} option: ${value}`);
    }
    inputType = key;
  }
  if (inputType === undefined) throw new VfkitError("unknown option for virtio-input devices: ");
  return { kind: "virtioinput", inputType };
};
