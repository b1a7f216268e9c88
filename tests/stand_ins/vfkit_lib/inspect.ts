/** The machine as JSON: the answer to `GET /vm/inspect`. */
import type { Bootloader } from "./bootloader.ts";
import type { VmConfig } from "./config.ts";
import type { Device } from "./devices/device.ts";

type JsonObject = Record<string, unknown>;

/** What a running machine shows besides its configuration. */
export interface LiveFacts {
  /** Terminals of the serial devices with `pty`. */
  ptyNames: ReadonlyMap<Device, string>;
  /** Cards that are connected through a socket path. */
  connected: ReadonlySet<Device>;
}

const NOTHING: LiveFacts = { ptyNames: new Map(), connected: new Set() };

/** The machine; without live facts as it is before the start. */
export function inspect(config: VmConfig, live: LiveFacts = NOTHING): JsonObject {
  return {
    vcpus: config.cpus,
    memoryBytes: Number(BigInt.asUintN(64, config.memoryMib << 20n)),
    bootloader: bootloader(config.bootloader),
    ...(config.devices.length === 0
      ? {}
      : { devices: config.devices.map((device) => describe(device, live)) }),
    ...(config.timesyncPort === undefined ? {} : { timesync: { vsockPort: config.timesyncPort } }),
    ...(config.ignitionPath === undefined
      ? {}
      : { ignition: { kind: "ignition", configPath: config.ignitionPath } }),
    ...present({ nested: config.nested }),
  };
}

/** Without what is empty or false. */
function present(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => Boolean(value)));
}

function bootloader(boot: Bootloader): JsonObject {
  switch (boot.kind) {
    case "efi":
      return {
        kind: "efiBootloader",
        efiVariableStorePath: boot.variableStorePath,
        createVariableStore: boot.create,
      };
    case "linux":
      return {
        kind: "linuxBootloader",
        vmlinuzPath: boot.kernelPath,
        kernelCmdLine: boot.commandLine,
        initrdPath: boot.initrdPath,
      };
    case "macos":
      // No kind: an oversight of vfkit's.
      return {
        machineIdentifierPath: boot.machineIdentifierPath,
        hardwareModelPath: boot.hardwareModelPath,
        auxImagePath: boot.auxImagePath,
      };
  }
}

const DISK_NAMES = {
  virtioblk: "virtio-blk",
  nvme: "nvme",
  usbmassstorage: "usb-mass-storage",
} as const;

function describe(device: Device, live: LiveFacts): JsonObject {
  const { kind } = device;
  switch (kind) {
    case "virtioblk":
    case "nvme":
    case "usbmassstorage":
      return {
        kind,
        devName: DISK_NAMES[kind],
        imagePath: device.path,
        ...present({
          readOnly: device.readOnly,
          type: device.type,
          deviceIdentifier: device.deviceIdentifier,
        }),
      };
    case "nbd":
      return {
        kind,
        devName: "nbd",
        ...present({ readOnly: device.readOnly }),
        uri: device.uri,
        DeviceIdentifier: device.deviceIdentifier,
        // A Go duration: nanoseconds.
        Timeout: device.timeoutMs * 1e6,
        SynchronizationMode: device.sync,
      };
    case "virtionet": {
      const connected = device.fd !== undefined || live.connected.has(device);
      return {
        kind,
        nat: device.nat,
        ...(connected ? { socket: {} } : {}),
        ...present({
          unixSocketPath: connected ? "" : device.unixSocketPath,
          vfkitMagic: device.magic,
          macAddress: device.mac,
        }),
      };
    }
    case "virtioserial":
      return {
        kind,
        ...present({
          logFile: device.logFile,
          usesStdio: device.stdio,
          usesPty: device.pty,
          ptyName: live.ptyNames.get(device),
        }),
      };
    case "virtiosock":
      return {
        kind,
        port: device.port,
        socketURL: device.socketPath,
        ...present({ listen: device.listen }),
      };
    case "virtiofs":
      return { kind, mountTag: device.mountTag, sharedDir: device.sharedDir };
    case "rosetta":
      return {
        kind,
        mountTag: device.mountTag,
        installRosetta: device.install,
        ignoreIfMissing: device.ignoreIfMissing,
      };
    case "virtiogpu":
      return { kind, usesGUI: device.usesGui, width: device.width, height: device.height };
    case "virtioinput":
      return { kind, inputType: device.inputType };
    case "virtiorng":
    case "virtioballoon":
      return { kind };
  }
}
