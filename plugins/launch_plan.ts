/**
 * The launch plan: all that a start will do, as data; a part of the contract. Backends make it, the
 * supervisor executes it.
 *
 * @module
 */

/** A datagram socket pair; its ends become file descriptors of two processes. */
export interface Link {
  name: string;
  kind: "datagram-pair";
}

/** A process that a start begins. */
export interface PlannedProcess {
  /** Unique in the plan. The one named `hypervisor` decides the machine's life. */
  role: string;
  argv: [string, ...string[]];
  /** Added to the environment that cocoon itself has. */
  env: Record<string, string>;
  /** Standard output and error are appended to this file. */
  logPath: string;
  /** Standard output goes to this file instead, which is made anew, 0600. */
  outputPath?: string;
  /** Link ends that the process inherits: which link, and as which descriptor (0 or from 3). */
  links: { link: string; fd: number }[];
  /** What must be there before the next process starts; absent = nothing is waited for. */
  ready?: {
    /** Files that the process makes, e.g. the sockets that it listens on. */
    paths: string[];
    /** A first whole line of its standard output, in `outputPath`. */
    line?: true;
    timeoutMs: number;
    /** What to do when it is not ready in time, or ends before; its log is named in any case. */
    hint?: string;
  };
}

/** A file that is made before the processes start, 0600. */
export interface PlannedFile {
  path: string;
  source: { copyOf: string } | { text: string };
  /** Keep a file that is already there (a variable store outlives a start). */
  onlyIfAbsent: boolean;
}

/** How the machine's serial console is reached. */
export type ConsoleEndpoint =
  | {
    /** A stream socket on which the hypervisor listens; it serves one client. */
    kind: "socket";
    path: string;
    /** `hypervisor`: it appends all output to the log itself, also while nobody is connected. */
    loggedBy: "hypervisor" | "supervisor";
  }
  /** A terminal whose path `Control.consolePath` gives once the machine runs. */
  | { kind: "pty"; loggedBy: "supervisor" }
  /** Output goes to the log only; nothing can be typed. */
  | { kind: "log-only"; loggedBy: "hypervisor" };

/** Where a hypervisor is controlled: plain data, persisted for as long as the machine runs. */
export interface ControlEndpoint {
  socketPath: string;
}

/** All that a start does, as data. Making it touches nothing. */
export interface LaunchPlan {
  /** In start order; companions first, the hypervisor last. */
  processes: PlannedProcess[];
  links: Link[];
  files: PlannedFile[];
  console: ConsoleEndpoint;
  /** Console output is kept here. */
  consoleLogPath: string;
  control: ControlEndpoint;
  /** Milliseconds that the hypervisor may take until `control(...).state()` is `running`. */
  readyTimeoutMs: number;
  /**
   * Milliseconds for which the hypervisor must go on after it first said `running`, where it says
   * so before the machine has started. Absent = its word is enough.
   */
  steadyMs?: number;
}
