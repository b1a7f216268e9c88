/** A machine as QEMU's command line. */
import { firmwareOf } from "../vfkit_lib/framework/firmware.ts";
import type { CommandLine } from "./command_line.ts";
import type { BlkDevice, NetDevice } from "./devices.ts";

/**
 * The arguments behind the program's name. The firmware's variables are nobody's to keep, and a
 * guest's reboot is its end.
 * @param netdevs what each card is plugged into
 */
export function qemuArguments(
  line: CommandLine,
  netdevs: ReadonlyMap<NetDevice, string>,
  appleSilicon: boolean,
): string[] {
  const { code, variables } = firmwareOf(appleSilicon);
  return [
    ...["-nodefaults", "-no-user-config", "-display", "none", "-no-reboot"],
    ...(appleSilicon
      // "max" boots 4.5 times slower: pointer authentication is dear to emulate.
      ? ["-machine", "virt,accel=tcg,gic-version=3", "-cpu", "cortex-a57"]
      : ["-machine", "q35,accel=tcg", "-cpu", "max"]),
    ...["-smp", String(line.cpus), "-m", `size=${line.memoryMib}M`],
    ...["-chardev", "stdio,id=qmp,signal=off", "-mon", "chardev=qmp,mode=control"],
    ...["-drive", `if=pflash,format=raw,readonly=on,file=${code}`],
    ...["-drive", `if=pflash,format=raw,snapshot=on,file=${variables}`],
    ...line.devices.flatMap((device, i) => {
      if (device.kind === "virtio-blk") return disk(device, i);
      if (device.kind === "virtio-net") return card(device, i, netdevs.get(device) ?? "user");
      return [];
    }),
    // libkrun has one whether or not it was asked for.
    ...["-device", "virtio-rng-pci"],
    ...console_(line),
  ];
}

/** A value of an option list: a comma is doubled. */
function escape(value: string): string {
  return value.replaceAll(",", ",,");
}

function disk({ path, format }: BlkDevice, i: number): string[] {
  const node = `disk${i}`;
  return [
    "-blockdev",
    `driver=${format},node-name=${node},file.driver=file,file.filename=${escape(path)}`,
    "-device",
    `virtio-blk-pci,drive=${node},bootindex=${i + 1},serial=${serialOf(path)}`,
  ];
}

/** libkrun makes it of the file's numbers; nobody can choose it. */
function serialOf(path: string): string {
  const { dev, ino } = Deno.statSync(path);
  return `${dev.toString(16)}${(ino ?? 0).toString(16)}`.slice(0, 20);
}

function card({ mac }: NetDevice, i: number, netdev: string): string[] {
  const id = `net${i}`;
  const [kind, ...options] = netdev.split(",");
  return [
    "-netdev",
    [kind, `id=${id}`, ...options].join(","),
    "-device",
    `virtio-net-pci,netdev=${id},romfile=,mac=${mac}`,
  ];
}

/** Its file is begun anew; what is typed comes from nowhere. */
function console_({ devices }: CommandLine): string[] {
  const serial = devices.find((device) => device.kind === "virtio-serial");
  const channel = serial === undefined
    ? "null,id=hvc0"
    : `file,id=hvc0,path=${escape(serial.logFilePath)}`;
  return [
    ...["-device", "virtio-serial-pci,id=serial", "-chardev", channel],
    ...["-device", "virtconsole,bus=serial.0,chardev=hvc0"],
  ];
}
