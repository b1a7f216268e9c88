import { isAtLeast, type Version } from "../../host/versions.ts";
import type { Devices, Machine } from "../../plugins/contract.ts";
import { device } from "./option.ts";
import { BALLOON_VERSION } from "./version.ts";

/** A screen for macOS, which does not boot without one. */
const MACOS_SCREEN = { widthPixels: 1920, heightPixels: 1200 };

/**
 * Devices besides disks, cards and the console. A vfkit without a balloon gives none: that device
 * is ours and nothing the user asked for.
 * @throws {CocoonError} `usage` for a shared folder whose path vfkit can't be given
 */
export function otherDevices({ boot, devices }: Machine, version: Version): string[] {
  const display = devices.display ?? (boot.kind === "macos" ? MACOS_SCREEN : undefined);
  const input = devices.input ?? boot.kind === "macos";
  return [
    ...(devices.rng ? [device("virtio-rng")] : []),
    ...(devices.balloon && isAtLeast(version, BALLOON_VERSION) ? [device("virtio-balloon")] : []),
    // Apple gives the guest its context id; the port is exposed by `extra_args` where it is wanted.
    ...(devices.vsock ? [device("virtio-vsock")] : []),
    ...sharedFolders(devices),
    ...(display === undefined
      ? []
      : [device("virtio-gpu", { width: display.widthPixels, height: display.heightPixels })]),
    ...(input
      ? [device("virtio-input", { keyboard: true }), device("virtio-input", { pointing: true })]
      : []),
  ];
}

/**
 * `ignore-if-missing` is the code's spelling; usage.md's is refused. It only helps together with
 * `install`, which asks the user in a window of macOS.
 */
function sharedFolders({ shares = [], rosetta }: Devices): string[] {
  return [
    ...shares.map(({ hostPath, tag }) =>
      device("virtio-fs", { sharedDir: hostPath, mountTag: tag })
    ),
    ...(rosetta === undefined ? [] : [
      device("rosetta", { mountTag: rosetta.tag, install: true, "ignore-if-missing": true }),
    ]),
  ];
}
