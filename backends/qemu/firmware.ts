import { CocoonError } from "../../errors/error.ts";
import type { Architecture, DiskFormat, HostFacts } from "../../plugins/contract.ts";
import { firmwareCandidates, type FirmwarePaths } from "./firmware_paths.ts";
import { type FlashShape, flashShape } from "./flash.ts";
import { installLine } from "./packages.ts";
import { type QemuSettings, settingsFor } from "./settings.ts";

/** UEFI firmware for a machine. */
export interface Firmware extends FirmwarePaths {
  /** Of the code file. */
  codeFormat: DiskFormat;
  /** Of the template, and so of the machine's own store. */
  varsFormat: DiskFormat;
}

/** What firmware is searched for. */
export interface FirmwareWish {
  host: HostFacts;
  architecture: Architecture;
  settings: QemuSettings;
  /** QEMU's path. */
  program: string;
  /** The machine's variable store. If it exists, only firmware that fits it will do. */
  storePath?: string;
  /** Put before the distributions' paths, for tests. */
  root?: string;
}

/**
 * Finds the code and the variables' template.
 *
 * A store that exists was made from a certain template, and flash of another size can't be used
 * with it; a distribution that brings new firmware, of 4 MiB instead of 2, must not break a
 * machine that was made before. So the pair is chosen whose template has the store's shape.
 * @throws {CocoonError} `host-lacks`
 */
export function findFirmware(wish: FirmwareWish): Firmware {
  const { host, architecture, storePath } = wish;
  const chosen = settingsFor(wish.settings, architecture);
  const { firmware_code: code, firmware_vars: vars } = chosen;
  const candidates = code !== undefined && vars !== undefined
    ? [{ code, vars }]
    : firmwareCandidates(host, architecture, wish.program)
      .map(({ code, vars }) => ({
        code: (wish.root ?? "") + code,
        vars: (wish.root ?? "") + vars,
      }));
  const found = candidates.flatMap(inspect);
  const store = storePath === undefined ? undefined : flashShape(storePath);
  const fitting = found.find(({ shape }) => store === undefined || sameShape(shape, store));
  if (fitting !== undefined) return fitting.firmware;
  if (store !== undefined && found.length > 0) {
    throw new CocoonError(
      "host-lacks",
      `qemu: no UEFI firmware here fits the machine's variable store ${storePath} ` +
        `(${store.sizeBytes} bytes, ${store.format})`,
      {
        hint: "name the firmware that it was made with by firmware_code and firmware_vars in " +
          "[backends.qemu], or delete the store: the guest then starts with fresh variables",
      },
    );
  }
  if (code !== undefined) {
    throw new CocoonError(
      "host-lacks",
      `qemu: firmware_code ${code} or firmware_vars ${vars} can't be read`,
      { hint: "correct both in [backends.qemu], or remove them to use the system's firmware" },
    );
  }
  throw new CocoonError("host-lacks", `qemu: no UEFI firmware for ${architecture} guests`, {
    hint: installLine(host, architecture, ["firmware"]),
  });
}

function inspect(paths: FirmwarePaths): { firmware: Firmware; shape: FlashShape }[] {
  const code = flashShape(paths.code);
  const shape = flashShape(paths.vars);
  if (code === undefined || shape === undefined) return [];
  return [{
    firmware: { ...paths, codeFormat: code.format, varsFormat: shape.format },
    shape,
  }];
}

function sameShape(a: FlashShape, b: FlashShape): boolean {
  return a.format === b.format && a.sizeBytes === b.sizeBytes;
}
