/**
 * The contract between cocoon and its plugins; this file is the manual of a plugin author.
 *
 * A plugin is a module whose default export is one value of {@linkcode Plugin}: a hypervisor
 * **backend**, a **network** provider or a **storage** driver. It imports `cocoon/plugin` (which
 * re-exports this file, `CocoonError`, `defineSettings` and nothing else of cocoon) and may use
 * Deno's own APIs.
 *
 * ## Order of calls, for one machine
 * | verb | storage | network | backend |
 * |---|---|---|---|
 * | create | `supports`, `clone` | `attachmentKinds`; `attach`, dry | `capabilities`, `lacks`, `refusals` |
 * | start | | `attach`, then `configure` per NIC | `probe`, `plan`, then `control(...).state` until running |
 * | while it runs | | `address`, `changeForward` | `control(...)`: any method, several callers at once |
 * | stop | | `detach` per NIC, after the hypervisor has ended | `control(...).requestStop`, `quit` |
 * | rm | the machine's folder is deleted | `detach` per NIC, once more | |
 *
 * ## Rules
 * - Values in, values out. Records given to a plugin are never changed by it.
 * - Everything that undoes is **idempotent** and works from persisted state alone, after any
 *   crash: `detach`. Undoing what was never done succeeds.
 * - Calls for different machines may run at the same time, in different processes. Calls that
 *   change one machine never do: cocoon holds that machine's lock.
 * - Sizes are bytes, times are milliseconds, paths are absolute.
 * - A failure is a `CocoonError`: code `host-lacks` with the line that installs what is missing,
 *   `usage` for a setting that cannot be met, `failed` for the rest.
 * - What a plugin can do is data ({@linkcode Capabilities}, attachment kinds, disk formats).
 *   cocoon asks the data and never a plugin's name, and refuses at create what cannot work.
 * - Optional power is an optional property. A method that is there works.
 * - `settings` is the plugin's own table of the configuration (`[backends.NAME]`,
 *   `[networks.NAME]`, `[plugins.NAME]`), checked by its `settingsSchema` before any call.
 *
 * @module
 */
import type { CocoonError } from "../errors/error.ts";
import type { Architecture, Finding, Host, HostFacts } from "./computer.ts";
import type { KernelFormat } from "./kernel_format.ts";
import type { ControlEndpoint, LaunchPlan, Link, PlannedProcess } from "./launch_plan.ts";

export type { Architecture, Finding, Host, HostFacts, RunOptions, RunResult } from "./computer.ts";
export type { KernelFormat } from "./kernel_format.ts";
export type * from "./launch_plan.ts";

/** Plain data, as JSON can carry it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A table of plain data. */
export type JsonObject = { [key: string]: Json };

// ---------------------------------------------------------------- the machine

/**
 * What a disk is for. `layer`, `seed` and `cdrom` are read-only; machines may have the file of a
 * `layer` or a `cdrom` in common.
 *
 * A `cdrom` is an ISO 9660 image that the firmware can boot, after the root disk: an installer is
 * started until what it installs can be. The backend attaches it as what firmware and installers
 * know, whatever its `bus` (feature `cdrom`).
 */
export type DiskRole = "root" | "data" | "seed" | "layer" | "cow" | "cdrom";

/** Image formats of a disk file at run time. */
export type DiskFormat = "raw" | "qcow2";

/** One disk of a machine. */
export interface Disk {
  role: DiskRole;
  path: string;
  format: DiskFormat;
  /**
   * Serial that the guest sees (`/dev/disk/by-id/virtio-SERIAL`): unique in the machine, 1 to 20
   * ASCII letters, digits, `-` or `_` (virtio-blk's limit is 20 bytes).
   */
  serial: string;
  readOnly: boolean;
  /** The controller that it hangs on; absent = `virtio`. Only virtio disks have a serial. */
  bus?: DiskBus;
}

/** Controllers of disks. `usb` is for installers and other removable media. */
export type DiskBus = "virtio" | "nvme" | "usb";

/** How a machine is booted; the files belong to the machine. */
export type Boot =
  | {
    kind: "efi";
    /** The machine's own variable store; made at the first start, kept for its life. */
    variableStorePath: string;
  }
  | { kind: "linux"; kernelPath: string; initrdPath?: string; commandLine: string }
  | {
    kind: "macos";
    machineIdentifierPath: string;
    hardwareModelPath: string;
    auxImagePath: string;
  };

/** How a machine can be booted. */
export type BootKind = Boot["kind"];

/** A port of this computer that leads into the guest. */
export interface PortForward {
  protocol: "tcp" | "udp";
  /** Address of this computer to listen on. */
  hostAddress: string;
  hostPort: number;
  guestPort: number;
}

/** What {@linkcode NetworkProvider.changeForward} does. */
export type ForwardChange = { kind: "add" | "remove"; forward: PortForward };

/** One network card of a machine. */
export interface Nic {
  /** Position, from 0. */
  index: number;
  /** Name of the network in the configuration; its provider is in the network's table. */
  network: string;
  /** Locally administered unicast address, lower case with colons. Made once, persisted. */
  mac: string;
  /** Forwards that the user asked for on this card. */
  forwards: PortForward[];
}

/** A machine as plugins see it: values only. */
export interface Machine {
  /** 12 characters, unique for ever; the name of its folders. */
  id: string;
  name: string;
  /** RFC 4122 text, lower case; persisted, so that the guest's SMBIOS never changes. */
  uuid: string;
  architecture: Architecture;
  cpus: number;
  memoryBytes: number;
  boot: Boot;
  /** In the order in which they are attached. */
  disks: Disk[];
  nics: Nic[];
  devices: Devices;
  /** How the hypervisor serves the machine, where the user asked for something. */
  tuning?: Tuning;
}

/** Wishes that change a machine's speed and not what the guest sees; absent = the backend's own. */
export interface Tuning {
  /** Back the guest's memory with huge pages of this computer. */
  hugepages?: boolean;
  /** Read and write disks past this computer's page cache. */
  directIo?: boolean;
  /** Entries of each disk's queue, a power of two. */
  diskQueueSize?: number;
  /** Entries of each network card's receive queue, a power of two. */
  netQueueSize?: number;
}

/** Devices besides disks and network cards. */
export interface Devices {
  rng: boolean;
  balloon: boolean;
  /** A virtio-vsock device. `cid` is the guest's context id where the host needs one (Linux). */
  vsock?: { cid: number };
  /** Folders of this computer that the guest can mount; absent = none. */
  shares?: Share[];
  /** The share through which a Linux guest on Apple silicon runs x86_64 programs. */
  rosetta?: { tag: string };
  /** A screen; without it, a backend may still have one for screenshots. */
  display?: { widthPixels: number; heightPixels: number };
  /** Accelerated graphics and computing; has nothing to do with a screen. */
  gpu?: boolean;
  /** Keyboard and pointing device. */
  input?: boolean;
  /** A device that resets the machine when the guest stops answering it. */
  watchdog?: boolean;
  /** Disks that a server elsewhere holds; absent = none. */
  networkDisks?: NetworkDisk[];
}

/** A folder of this computer inside the guest: `mount -t virtiofs TAG /mnt`. */
export interface Share {
  hostPath: string;
  /** Unique in the machine: 1 to 35 ASCII letters, digits, `.`, `_` or `-` (virtio-fs: 36 bytes). */
  tag: string;
  readOnly: boolean;
}

/** A disk by the NBD protocol. */
export interface NetworkDisk {
  /** Scheme `nbd`, `nbds`, `nbd+unix` or `nbds+unix`. */
  uri: string;
  /** As {@linkcode Disk}'s. */
  serial: string;
  readOnly: boolean;
}

/** The folders of one machine. */
export interface MachineDirs {
  /** Persistent: disks, seed, variable store, logs. */
  data: string;
  /** Sockets and locks of one run; short, so that a socket's path stays under 104 bytes. */
  run: string;
}

// ---------------------------------------------------------------- backend

/** How a network card is plugged into a hypervisor. */
export type Attachment =
  /** QEMU's user-mode stack inside the hypervisor. */
  | { kind: "user"; forwards: PortForward[]; guestCidr?: string }
  /** Apple's NAT inside the hypervisor. */
  | { kind: "vz-nat" }
  /** One end of a link of the plan; the companion holds the other. */
  | { kind: "dgram-fd"; link: string }
  /** A datagram socket on which a helper listens. */
  | { kind: "dgram-path"; path: string }
  /**
   * The same, but checksums and the cutting of TCP into packets are left to the other end: frames
   * are up to 65,550 bytes large, and both ends must be told.
   */
  | { kind: "dgram-path-offload"; path: string }
  /** A stream socket on which a helper listens (QEMU's framing). */
  | { kind: "stream-path"; path: string }
  /** A TAP interface of this computer, in a network namespace if one is named. */
  | { kind: "tap"; interface: string; namespacePath?: string };

/** The kinds of {@linkcode Attachment}. */
export type AttachmentKind = Attachment["kind"];

/** What a backend can do on this computer with these settings; see design section 8. */
export interface Capabilities {
  architectures: Architecture[];
  boots: BootKind[];
  diskFormats: DiskFormat[];
  attachments: AttachmentKind[];
  maxDisks: number;
  maxNics: number;
  /** The most memory that a machine can have; absent = the computer's own is the limit. */
  maxMemoryBytes?: number;
  pause: boolean;
  balloon: boolean;
  vsock: boolean;
  rng: boolean;
  screenshot: boolean;
  /** `read-only`: output only. */
  console: "read-write" | "read-only";
  /**
   * False where the guest does not see {@linkcode Disk}'s serials: its seed is found by the label,
   * other disks by theirs or by their order. Absent = it sees them.
   */
  diskSerials?: false;
  /** What of {@linkcode Feature} it has; absent = nothing. */
  features?: Feature[];
  /**
   * Kernel files that it boots directly, by the guest's architecture; others are refused at create.
   * Where `arm64-image` is among them, cocoon unpacks arm64 kernels of other kinds to it. Absent =
   * any kernel file is taken as it is.
   */
  kernels?: { [A in Architecture]?: KernelFormat[] };
}

/**
 * What a user can ask for that not every backend has.
 *
 * | feature | is |
 * |---|---|
 * | `shares`, `read-only-shares` | folders of this computer in the guest; without write access |
 * | `rosetta` | x86_64 programs in an aarch64 guest |
 * | `display`, `input` | a screen of a given size; keyboard and pointing device |
 * | `gpu` | the computer's graphics processor, by Vulkan in the guest |
 * | `nvme-disks`, `usb-disks`, `network-disks` | disks that are not virtio; disks by NBD |
 * | `cdrom` | a disk of role `cdrom` |
 * | `hugepages`, `direct-io`, `disk-queue-size`, `net-queue-size` | see {@linkcode Tuning} |
 * | `watchdog` | see {@linkcode Devices} |
 */
export type Feature =
  | "shares"
  | "read-only-shares"
  | "rosetta"
  | "display"
  | "input"
  | "gpu"
  | "nvme-disks"
  | "usb-disks"
  | "network-disks"
  | "cdrom"
  | "hugepages"
  | "direct-io"
  | "disk-queue-size"
  | "net-queue-size"
  | "watchdog";

/** What {@linkcode Backend.plan} needs to know of the host; found by {@linkcode Backend.probe}. */
export type Probe = JsonObject;

/** Everything that a launch plan is made from. */
export interface PlanRequest {
  machine: Machine;
  /** One for each of `machine.nics`, in that order. */
  attachments: Attachment[];
  dirs: MachineDirs;
  /** Result of the backend's own `probe` for this machine. */
  probe: Probe;
  settings: JsonObject;
  host: HostFacts;
}

/** State of the guest as its hypervisor tells it. */
export type GuestState = "starting" | "running" | "paused" | "stopping" | "stopped";

/**
 * The hypervisor of one running machine. Every call opens its own connection, has its own
 * deadline (`timeoutMs`) and may be made by several processes at once. A call on a hypervisor
 * that has ended rejects with a `CocoonError` of code `failed`; the caller then looks at the
 * process, which alone says whether the machine is gone.
 */
export interface Control {
  state(timeoutMs: number): Promise<GuestState>;
  /** Presses the power button; returns when the press was accepted. The guest may ignore it. */
  requestStop(timeoutMs: number): Promise<void>;
  /**
   * Ends the hypervisor without asking the guest. Absent where only a signal does that: the
   * process is sent SIGTERM, then SIGKILL.
   */
  quit?(timeoutMs: number): Promise<void>;
  pause?(timeoutMs: number): Promise<void>;
  resume?(timeoutMs: number): Promise<void>;
  /** Path of the console's terminal, for a console of kind `pty`. */
  consolePath?(timeoutMs: number): Promise<string>;
  /** Writes a picture of the guest's screen (PNG, or PPM where the hypervisor has no PNG). */
  screenshot?(path: string, timeoutMs: number): Promise<void>;
}

/** A hypervisor. */
export interface Backend {
  kind: "backend";
  /** Lower-case word, the name in the configuration. */
  name: string;
  /** Half a sentence for lists. */
  summary: string;
  /** Systems that it can run on; on others it is not offered to users. Absent = all. */
  systems?: HostFacts["os"][];
  /** Checks `[backends.NAME]`; see {@linkcode SettingsSchema}. */
  settingsSchema: SettingsSchema;
  /** Data only; no I/O. */
  capabilities(host: HostFacts, settings: JsonObject): Capabilities;
  /** Looks for everything that the backend needs, for `cocoon doctor`. Never rejects. */
  check(host: Host, settings: JsonObject): Promise<Finding[]>;
  /**
   * A quick look, at create, for the program that machines of this architecture need: starts
   * nothing, and says nothing of versions. Absent = only `probe` tells, at the start.
   * @returns the error that `probe` would reject with; undefined when the program is there
   */
  lacks?(
    host: Host,
    architecture: Architecture,
    settings: JsonObject,
  ): Promise<CocoonError | undefined>;
  /**
   * Finds on this computer what `plan` needs for this machine: program, version, firmware,
   * accelerator.
   * @throws {CocoonError} `host-lacks`, with the line that installs what is missing
   */
  probe(host: Host, machine: Machine, settings: JsonObject): Promise<Probe>;
  /**
   * Everything that keeps `plan` from ever making a plan for this machine, whatever `probe` finds:
   * what cannot be said to the hypervisor, such as a path with a comma in it. Asked before the
   * machine is made; of its image nothing may be known yet. Pure; absent = nothing does.
   */
  refusals?(machine: Machine, dirs: MachineDirs): CocoonError[];
  /** Pure: same request, same plan; touches nothing. */
  plan(request: PlanRequest): LaunchPlan;
  /** How a hypervisor that was started from a plan is spoken to. Connects only when called. */
  control(endpoint: ControlEndpoint): Control;
  /**
   * Explains a hypervisor that ended before it was ready, from the tail of its log; undefined
   * when nothing is recognised.
   */
  explainFailure?(logTail: string, request: PlanRequest): StartFailure | undefined;
  /**
   * Milliseconds that the hypervisor gets between SIGTERM and SIGKILL, when it has not obeyed
   * `control.quit`. It is sent SIGTERM once. @default {5000}
   */
  terminationGraceMs?: number;
  /**
   * A guest that reboots ends the hypervisor, with status 0, as one that powers itself off does.
   * cocoon then reads the guest's last words on the console, and starts it again where they are
   * those of a reboot; where there are none, it takes the guest for off.
   */
  rebootEndsProcess?: true;
}

/** A hypervisor's failure to start, in words. */
export interface StartFailure {
  message: string;
  hint?: string;
  /** The host port was taken between its choice and its use: another one is worth a try. */
  portTaken?: boolean;
  /** Files that another process seems to hold open; cocoon adds who that is. */
  heldFiles?: string[];
}

// ---------------------------------------------------------------- network

/** How the guest is reached from this computer. */
export interface Address {
  /** The guest's own address, if this computer can reach it or the user asked for it. */
  ip?: string;
  /** Where the guest's SSH server answers. */
  ssh?: { host: string; port: number };
}

/** Values that must be unique among all machines of this home, e.g. host ports. */
export interface Reservations {
  /**
   * Reserves one value of `kind` for this NIC: the one it has had before if it is still in
   * `candidates`, else the first free one. Survives restarts; freed when the machine is removed.
   * `usable` is asked before a value is taken (and for the old one too); it is not asked for a
   * value that another machine has. A NIC may hold several values of a kind: its values that are
   * not in `candidates` stay its own.
   * @throws {CocoonError} `conflict` when no candidate is free
   */
  reserve(kind: string, candidates: Iterable<string>, usable: (value: string) => boolean): string;
}

/** What {@linkcode NetworkProvider.attach} is given. */
export interface AttachRequest {
  host: Host;
  machine: Machine;
  nic: Nic;
  settings: JsonObject;
  dirs: MachineDirs;
  /** The kinds that the backend takes, best first. */
  accepts: AttachmentKind[];
  reservations: Reservations;
  /** State of an earlier `attach` of this NIC, if there was one: the same MAC and address again. */
  previous: JsonObject | undefined;
  /**
   * Answer what would be attached, and make, start and reserve nothing: for `cocoon vm debug`,
   * and at create, where ports are to be forwarded. `reservations` then tells what would be had.
   */
  dryRun: boolean;
  /**
   * Persists a state before `attach` returns: called with all that `detach` needs **before**
   * anything is made that outlives this process, so that a crash in between leaves nothing. Not
   * called in a dry run. The state that `attach` answers replaces it.
   */
  record(state: JsonObject): void;
  signal: AbortSignal;
}

/** How the guest sets up a card, where DHCP does not tell it. */
export interface GuestNetwork {
  /** IPv4 or IPv6 with prefix length: `192.168.64.10/24`. */
  addresses: string[];
  /** A default route has `to: "0.0.0.0/0"` or `"::/0"`. */
  routes?: { to: string; via: string }[];
  nameservers?: { addresses: string[]; search?: string[] };
  /** Largest packet in bytes; absent = the card's own. */
  mtuBytes?: number;
}

/** What {@linkcode NetworkProvider.attach} answers. */
export interface AttachResult {
  attachment: Attachment;
  /** Persisted before anything is started; given to `detach`, `address` and the next `attach`. */
  state: JsonObject;
  /** Helpers that must run beside the hypervisor, in start order. */
  companions: PlannedProcess[];
  links: Link[];
  /**
   * Fixed addresses. Before the hypervisor starts, they are written into the seed; a guest with
   * cloud-init takes them at every boot. Absent = the guest asks DHCP.
   */
  guest?: GuestNetwork;
}

/** Plugs machines into networks. */
export interface NetworkProvider {
  kind: "network";
  name: string;
  summary: string;
  settingsSchema: SettingsSchema;
  /** The kinds of attachment that it can give on this computer; data only. */
  attachmentKinds(host: HostFacts, settings: JsonObject): AttachmentKind[];
  /** True when forwards of host ports are supported. */
  forwardsPorts: boolean;
  /** The kinds of attachment over which forwards work; absent = all. */
  forwardingKinds?: AttachmentKind[];
  check(host: Host, settings: JsonObject): Promise<Finding[]>;
  /**
   * For a provider whose NICs are left out of the machine: `attachmentKinds` is empty and `attach`
   * answers undefined. Without it, an empty list means that it cannot work on this computer.
   */
  givesNoCard?: true;
  /** Undefined = the machine gets no card for this NIC; see `givesNoCard`. */
  attach(request: AttachRequest): Promise<AttachResult | undefined>;
  /**
   * Called once all companions are ready, before the hypervisor starts: for what only a helper that
   * runs can be told. Absent = there is nothing to tell.
   * @throws {CocoonError} `conflict` when another program has taken meanwhile what `attach` chose:
   * `attach` and this are tried again
   */
  configure?(host: Host, nic: Nic, state: JsonObject, signal: AbortSignal): Promise<void>;
  /**
   * Adds or removes a forward while the machine runs; one that is there, or gone, already is
   * done. Absent = it cannot. @throws {CocoonError} `conflict` when another program has the port
   */
  changeForward?(state: JsonObject, change: ForwardChange, signal: AbortSignal): Promise<void>;
  /**
   * The forwards that are open now, without the one for SSH; absent = those of the card, for as
   * long as the machine runs.
   */
  forwards?(state: JsonObject, signal: AbortSignal): Promise<PortForward[]>;
  /** Undoes `attach`; idempotent, from persisted state alone. */
  detach(host: Host, state: JsonObject): Promise<void>;
  /** Where the guest is reached now; undefined while it is unknown. */
  address(host: Host, nic: Nic, state: JsonObject): Promise<Address | undefined>;
}

// ---------------------------------------------------------------- storage

/** Clones and grows disks. Every file is made under its final name by cocoon's own rename. */
export interface StorageDriver {
  kind: "storage";
  name: string;
  summary: string;
  /** As {@linkcode Backend}'s. */
  systems?: HostFacts["os"][];
  settingsSchema: SettingsSchema;
  /** The format of the disks that it makes. */
  format: DiskFormat;
  /** The largest disk that its format takes; absent = the file system's limit is the only one. */
  maxDiskBytes?: number;
  /**
   * Whether it can make a disk in `directory` from an image in `imageDirectory`: asked of the
   * file system by trying, never guessed from the OS. Leaves nothing behind.
   */
  supports(host: Host, directory: string, imageDirectory: string): Promise<boolean>;
  check(host: Host, directory: string): Promise<Finding[]>;
  /**
   * Makes `targetPath` (which does not exist) a writable disk with the content of the raw image
   * `basePath`, `sizeBytes` large (at least the base's size). The base is never changed.
   * On failure nothing is left at `targetPath`.
   */
  clone(
    host: Host,
    basePath: string,
    targetPath: string,
    sizeBytes: number,
    signal: AbortSignal,
  ): Promise<void>;
  /** Grows a disk of a stopped machine to `sizeBytes`; shrinking is refused. */
  grow(host: Host, diskPath: string, sizeBytes: number): Promise<void>;
}

// ---------------------------------------------------------------- plugins

/** Result of checking a settings table. `path` names the key inside the table. */
export type SettingsIssue = { path: string[]; message: string };

/**
 * Checks a plugin's settings table and fills in defaults. Pure. Unknown keys are issues; with
 * `keys`, cocoon adds a "did you mean".
 */
export interface SettingsSchema {
  /** Every key that the table may have, with half a sentence for `cocoon config schema`. */
  keys: Record<string, { description: string; schema: JsonObject }>;
  parse(input: JsonObject): { settings: JsonObject } | { issues: SettingsIssue[] };
}

/** What a plugin module exports as default. */
export type Plugin = Backend | NetworkProvider | StorageDriver;

/** The kinds of plugin. */
export type PluginKind = Plugin["kind"];
