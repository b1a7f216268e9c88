import type {
  Architecture,
  ConsoleEndpoint,
  ControlEndpoint,
  DiskBus,
  JsonObject,
  Machine,
  PluginKind,
  PortForward,
} from "../plugins/contract.ts";
import type { ProcessIdentity } from "../host/process.ts";

/**
 * State of a machine.
 *
 * | state | entered when |
 * |---|---|
 * | `creating` | the name is reserved, disks are being made |
 * | `created` | create finished; never started |
 * | `starting` | a start has begun |
 * | `running` | the hypervisor says so (not: the guest has booted) |
 * | `paused` | pause succeeded |
 * | `stopping` | a stop has begun |
 * | `stopped` | the hypervisor has ended |
 * | `error` | a start failed, or the hypervisor ended by itself with a failure; see `lastError` |
 */
export type MachineState =
  | "creating"
  | "created"
  | "starting"
  | "running"
  | "paused"
  | "stopping"
  | "stopped"
  | "error";

/** States in which a hypervisor may exist. */
export const ACTIVE_STATES: readonly MachineState[] = [
  "starting",
  "running",
  "paused",
  "stopping",
];

/** What is done when the hypervisor ends although nobody asked it to. */
export type RestartPolicy = "no" | "on-failure" | "always";

/** What the user asked for, after defaults; values only. */
export interface MachineSpec {
  name: string;
  /** The reference as typed; absent for a machine that boots a kernel without an image. */
  image?: string;
  backend: string;
  storage: string;
  architecture: Architecture;
  cpus: number;
  memoryBytes: number;
  /** Size of the root disk; absent without a root disk. */
  diskBytes?: number;
  /** Extra empty disks. */
  dataDisks: { name: string; sizeBytes: number; bus?: DiskBus }[];
  networks: { network: string; mac?: string; forwards: PortForward[] }[];
  /** The account that cloud-init makes, and that `vm ssh` uses. */
  user: string;
  restart: RestartPolicy;
}

/** What a start needs from the configuration, copied so that the supervisor needs no file. */
export interface LaunchSettings {
  backend: JsonObject;
  /** One for each NIC: its provider and the settings of its network. */
  networks: { provider: string; settings: JsonObject }[];
  /** The user's plugins that the names above may mean. */
  plugins: { name: string; kind: PluginKind; path: string }[];
}

/** What is known of a run; present while a hypervisor may exist. */
export interface RunInfo {
  control: ControlEndpoint;
  console: ConsoleEndpoint;
  consoleLogPath: string;
  /** Bytes that the log of the console had before this run; absent = none. */
  consoleLogStart?: number;
  /** By role; `hypervisor` is one of them. */
  processes: Record<string, ProcessIdentity>;
}

/** How the last run ended. */
export interface ExitRecord {
  /** Exit status; null when it could not be seen (the supervisor was dead) or a signal ended it. */
  code: number | null;
  signal: string | null;
  /** RFC 3339, UTC. */
  at: string;
}

/** Everything kept about one machine; the JSON of its row in the store. */
export interface MachineRecord {
  id: string;
  name: string;
  state: MachineState;
  /** What the user last asked for; the restart policy acts only while this is `running`. */
  desired: "running" | "stopped";
  /** True when the machine was found dead although the record said that it runs. */
  stale: boolean;
  spec: MachineSpec;
  /** The machine as plugins see it. */
  machine: Machine;
  /** `sha256:HEX` of the image that the root disk was made from. */
  imageDigest?: string;
  launch: LaunchSettings;
  /** What each NIC's provider wants to remember; null before the first attach. */
  nicStates: (JsonObject | null)[];
  /** The seed tells the guest fixed addresses, or did so once. */
  fixedAddresses?: true;
  /** Public half of the SSH host key that the guest was given, in OpenSSH's one-line form. */
  hostPublicKey: string;
  run?: RunInfo;
  exit?: ExitRecord;
  /** Restarts by policy since the last start by the user. */
  restarts: number;
  /** A removal has begun and must be finished; the machine can't be started any more. */
  removing?: boolean;
  /** Why the state is `error`. */
  lastError?: string;
  /** RFC 3339, UTC. */
  createdAt: string;
  startedAt?: string;
  stoppedAt?: string;
}

/** Whether a hypervisor may exist in this state. */
export function isActive(state: MachineState): boolean {
  return ACTIVE_STATES.includes(state);
}
