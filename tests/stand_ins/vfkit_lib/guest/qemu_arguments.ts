/** A machine as QEMU's command line. */
import type { VmConfig } from "../config.ts";
import type { Device, FileDisk, NbdDisk, NetDevice, SerialDevice } from "../devices/device.ts";
import { firmwareOf } from "../framework/firmware.ts";
import type { Hardware } from "../framework/hardware.ts";
import type { NatPort } from "./nat.ts";

/** What this process offers to QEMU on loopback. */
export interface Plugs {
  /** What each card with `nat` is plugged into. */
  nat: ReadonlyMap<NetDevice, NatPort>;
  /** Ports that lead to a terminal, or to our standard input and output. */
  serial: ReadonlyMap<SerialDevice, number>;
}

/** The program for a Mac's architecture. */
export function qemuProgram(appleSilicon: boolean): string {
  return appleSilicon ? "qemu-system-aarch64" : "qemu-system-x86_64";
}

/** The arguments behind the program's name. */
export function qemuArguments(
  config: VmConfig,
  hardware: Hardware,
  plugs: Plugs,
  appleSilicon: boolean,
): string[] {
  return [
    ...["-nodefaults", "-no-user-config", "-display", "none"],
    ...(appleSilicon
      // "max" boots 4.5 times slower: pointer authentication is dear to emulate.
      ? ["-machine", "virt,accel=tcg,gic-version=3", "-cpu", "cortex-a57"]
      : ["-machine", "q35,accel=tcg", "-cpu", "max"]),
    ...["-smp", String(config.cpus), "-m", `size=${config.memoryMib}M`],
    ...["-chardev", "stdio,id=qmp,signal=off", "-mon", "chardev=qmp,mode=control"],
    ...boot(config, appleSilicon),
    ...config.devices.flatMap((device, i) => oneDevice(device, i, hardware, plugs)),
    ...serials(config.devices, plugs),
  ];
}

/** A value of an option list: a comma is doubled. */
function escape(value: string): string {
  return value.replaceAll(",", ",,");
}

function boot({ bootloader }: VmConfig, appleSilicon: boolean): string[] {
  switch (bootloader.kind) {
    case "linux":
      return [
        ...["-kernel", bootloader.kernelPath, "-initrd", bootloader.initrdPath],
        ...["-append", bootloader.commandLine],
      ];
    case "efi": {
      const store = escape(bootloader.variableStorePath);
      return [
        ...["-drive", `if=pflash,format=raw,readonly=on,file=${firmwareOf(appleSilicon).code}`],
        ...["-drive", `if=pflash,format=raw,file=${store}`],
      ];
    }
    case "macos":
      throw new TypeError("a macOS guest has no QEMU");
  }
}

function oneDevice(
  device: Device,
  i: number,
  hardware: Hardware,
  plugs: Plugs,
): string[] {
  switch (device.kind) {
    case "virtioblk":
    case "nvme":
    case "usbmassstorage":
    case "nbd":
      return disk(device, i);
    case "virtionet":
      return card(device, i, hardware, plugs);
    case "virtiorng":
      return ["-device", "virtio-rng-pci"];
    case "virtioballoon":
      return ["-device", "virtio-balloon-pci"];
    default:
      // Serial ports share a bus; the rest the guest does not see.
      return [];
  }
}

/** Disks of each kind keep the order of the command line: each gets the next free slot. */
function disk(device: FileDisk | NbdDisk, i: number): string[] {
  const node = `disk${i}`;
  const common = `driver=raw,node-name=${node},read-only=${device.readOnly ? "on" : "off"}`;
  const use = `drive=${node},bootindex=${i + 1}`;
  if (device.kind === "nbd") {
    return [
      ...["-blockdev", `${common},${nbdFile(device.uri)}`],
      ...["-device", `virtio-blk-pci,${use},serial=${device.deviceIdentifier}`],
    ];
  }
  const driver = device.type === "dev" ? "host_device" : "file";
  const file = `file.driver=${driver},file.filename=${escape(device.path)}`;
  const serial = device.deviceIdentifier === "" ? "" : `,serial=${device.deviceIdentifier}`;
  const front = {
    virtioblk: ["-device", `virtio-blk-pci,${use}${serial}`],
    nvme: ["-device", `nvme,${use},serial=${node}`],
    usbmassstorage: [
      "-device",
      `qemu-xhci,id=usb${i}`,
      "-device",
      `usb-storage,bus=usb${i}.0,${use}`,
    ],
  }[device.kind];
  return ["-blockdev", `${common},${file}`, ...front];
}

function nbdFile(uri: string): string {
  const url = new URL(uri);
  const name = `file.driver=nbd,file.export=${escape(decodeURIComponent(url.pathname.slice(1)))}`;
  const socket = url.searchParams.get("socket");
  return socket === null
    ? `${name},file.server.type=inet,file.server.host=${url.hostname},` +
      `file.server.port=${url.port || 10809}`
    : `${name},file.server.type=unix,file.server.path=${escape(socket)}`;
}

function card(
  net: NetDevice,
  i: number,
  hardware: Hardware,
  plugs: Plugs,
): string[] {
  const id = `net${i}`;
  const port = plugs.nat.get(net);
  const fd = hardware.netSockets.get(net);
  const front = `virtio-net-pci,netdev=${id},romfile=,mac=${net.mac ?? randomMac()}`;
  if (port !== undefined) {
    return [
      ...["-netdev", `user,id=${id},${port.options}`, "-device", front],
      ...port.mirror(id),
    ];
  }
  return ["-netdev", `dgram,id=${id},local.type=fd,local.str=${fd}`, "-device", front];
}

/** A locally administered address; vfkit makes a new one at every start too. */
function randomMac(): string {
  const octets = crypto.getRandomValues(new Uint8Array(6));
  octets[0] = ((octets[0] ?? 0) & 0xfc) | 2;
  return [...octets].map((octet) => octet.toString(16).padStart(2, "0")).join(":");
}

/** Consoles hvc0, hvc1, ... in the order of the command line. */
function serials(devices: readonly Device[], plugs: Plugs): string[] {
  const ports = devices.filter((device) => device.kind === "virtioserial");
  if (ports.length === 0) return [];
  return [
    ...["-device", "virtio-serial-pci,id=serial"],
    ...ports.flatMap((port, i) => [
      ...["-chardev", channel(port, `hvc${i}`, plugs)],
      ...["-device", `virtconsole,bus=serial.0,chardev=hvc${i}`],
    ]),
  ];
}

function channel(port: SerialDevice, id: string, plugs: Plugs): string {
  const relay = plugs.serial.get(port);
  return relay === undefined
    ? `file,id=${id},path=${escape(port.logFile)}`
    : `socket,id=${id},host=127.0.0.1,port=${relay}`;
}
