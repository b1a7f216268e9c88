/**
 * The part of the contract that is about the computer: its facts, what can be done with it, and
 * what `cocoon doctor` says of it. Plugins import it with all the rest from `cocoon/plugin`.
 *
 * @module
 */

/** CPU architecture, in the kernel's and QEMU's spelling. */
export type Architecture = "x86_64" | "aarch64";

/** Plain data, as JSON can carry it. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A table of plain data. */
export type JsonObject = { [key: string]: Json };

/** Facts of the computer that cocoon runs on. */
export interface HostFacts {
  os: "linux" | "darwin";
  architecture: Architecture;
  /** Logical CPUs that this process may use. */
  cpus: number;
  /** Physical memory in bytes. */
  memoryBytes: number;
}

/** The end of a program that was waited for. */
export interface RunResult {
  /** Exit status, or 128 + the signal's number. */
  code: number;
  stdout: string;
  stderr: string;
}

/** Options of {@linkcode Host.run}. */
export interface RunOptions {
  /** Milliseconds until the program is killed and the call rejects. @default {30000} */
  timeoutMs?: number;
  /** Text for standard input; without it, input is empty. */
  stdin?: string;
  env?: Record<string, string>;
  signal?: AbortSignal;
}

/** Facts and means of this computer. Given to every plugin, replaced in tests. */
export interface Host extends HostFacts {
  env(name: string): string | undefined;
  /** Absolute path of a program on PATH (or of one given with a slash), if it can be executed. */
  which(program: string): string | undefined;
  /** True when the path exists (links are followed). */
  exists(path: string): boolean;
  /**
   * Runs a program to its end and collects its output. A non-zero exit is a result, not an error.
   * @throws {CocoonError} `host-lacks` when the program does not exist, `failed` at the deadline
   */
  run(argv: readonly [string, ...string[]], options?: RunOptions): Promise<RunResult>;
  now(): Date;
}

/** One line of `cocoon doctor`. */
export interface Finding {
  level: "ok" | "warning" | "error";
  /** What was looked at, e.g. `qemu-system-x86_64`. */
  subject: string;
  /** What was found. */
  message: string;
  /** The exact line that mends it. */
  fix?: string;
}
