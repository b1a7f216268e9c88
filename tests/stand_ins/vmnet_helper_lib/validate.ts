/** What vmnet-helper checks once all options are read, in its order, release by release. */
import type { Settings } from "./command_line.ts";
import { HelperError } from "./error.ts";
import type { Release } from "./versions.ts";

/** The addresses that shared mode had before 0.12 where none were given. */
const OLD_SHARED = { start: "192.168.105.1", end: "192.168.105.254", mask: "255.255.255.0" };

/** Checks, and fills in what is not given. @throws {HelperError} */
export function validate(settings: Settings, release: Release): void {
  if (!release.has("network")) {
    checkTransport(settings);
    settings.mode ??= "shared";
    checkBridged(settings);
    if (settings.isolated && settings.mode !== "host") {
      throw new HelperError(
        "Conflicting arguments: enable-isolation requires operation-mode=host",
      );
    }
    adjustAddresses(settings);
    return;
  }
  if (settings.network === undefined) checkMode(settings, release);
  else checkNetwork(settings);
  checkTransport(settings);
}

function checkMode(settings: Settings, release: Release): void {
  settings.mode ??= "shared";
  const { mode, isolated } = settings;
  if (mode === "bridged") {
    checkBridged(settings);
    if (isolated) {
      throw new HelperError(
        "Conflicting arguments: enable-isolation cannot be used with bridged mode",
      );
    }
  } else if (release.has("freeAddresses")) {
    const given = [settings.start, settings.end, settings.mask].filter((a) => a !== undefined);
    if (given.length !== 0 && given.length !== 3) {
      throw new HelperError(
        "--start-address, --end-address, and --subnet-mask must be given together, or all omitted",
      );
    }
  } else {
    adjustAddresses(settings);
    if (mode === "shared" && isolated) {
      throw new HelperError(
        "Conflicting arguments: enable-isolation cannot be used with shared mode",
      );
    }
  }
}

/** Before 0.12 each address of shared mode had a default, and host mode took none. */
function adjustAddresses(settings: Settings): void {
  if (settings.mode === "shared") Object.assign(settings, { ...OLD_SHARED, ...settings });
  else if (settings.mode === "host") {
    delete settings.start;
    delete settings.end;
    delete settings.mask;
  }
}

function checkBridged({ mode, sharedInterface }: Settings): void {
  if (mode === "bridged" && sharedInterface === undefined) {
    throw new HelperError(
      "Missing argument: shared-interface is required for operation-mode=bridged",
    );
  }
}

function checkNetwork(settings: Settings): void {
  const excluded = [
    ["operation-mode", settings.mode],
    ["shared-interface", settings.sharedInterface],
    ["start-address", settings.start],
    ["end-address", settings.end],
    ["subnet-mask", settings.mask],
  ] as const;
  for (const [name, value] of excluded) {
    if (value !== undefined) {
      throw new HelperError(
        `Conflicting arguments: --network cannot be used with --${name}`,
      );
    }
  }
}

function checkTransport({ fd, socket }: Settings): void {
  if (fd === undefined && socket === undefined) {
    throw new HelperError('Missing argument: either "fd" or "socket" required', true);
  }
  if (fd !== undefined && socket !== undefined) {
    throw new HelperError(
      'Conflicting arguments: "fd" and "socket" are mutually exclusive',
      true,
    );
  }
}
