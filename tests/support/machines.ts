/** What tests of whole commands ask of machines, in one call each. */
import assert from "node:assert/strict";
import { cocoonOk, type CocoonOptions } from "./cocoon.ts";
import { isRunning } from "./processes.ts";
import type { TempHome } from "./temp_home.ts";
import { waitFor } from "./wait_for.ts";

/** Milliseconds that a small guest may take to its first login on a busy computer. */
export const BOOT_TIMEOUT_MS = 240_000;
/** The same as a flag of `run` and `start`. */
export const WAIT_SSH = ["--wait", "ssh", "--timeout", `${BOOT_TIMEOUT_MS / 1000}s`] as const;

/** The part of `vm inspect --output json` that tests look at. */
export interface MachineJson {
  /** Only of `inspect`; null when the machine is off. */
  supervisor?: { id: string; pid: number; terminals: number } | null;
  id: string;
  name: string;
  state: string;
  stale: boolean;
  desired: string;
  imageDigest: string | null;
  disks: { role: string; path: string; format: string }[];
  nics: { network: string; mac: string }[];
  addresses: { ssh?: { host: string; port: number } }[];
  hostKey: string;
  restarts: number;
  pid: number | null;
  startedAt: string | null;
  exit: { code: number | null; signal: string | null } | null;
  lastError: string | null;
}

/** Flags that boot the small guest directly, as small as it goes. */
export function directBoot(guest: { kernelPath: string; initrdPath: string }): string[] {
  return [
    ...["--kernel", guest.kernelPath, "--initrd", guest.initrdPath],
    ...["--memory", "160M", "--cpus", "1"],
  ];
}

/** One machine as `inspect` shows it. */
export async function inspect(home: TempHome, name: string): Promise<MachineJson> {
  return JSON.parse((await cocoonOk(home, ["vm", "inspect", name, "-o", "json"])).stdout);
}

/** All machines as `list` shows them. */
export async function list(home: TempHome): Promise<MachineJson[]> {
  return JSON.parse((await cocoonOk(home, ["vm", "list", "--output", "json"])).stdout);
}

/** What a command printed in the guest. */
export async function ssh(
  home: TempHome,
  name: string,
  command: string,
  options?: CocoonOptions,
): Promise<string> {
  return (await cocoonOk(home, ["vm", "ssh", name, "--", command], options)).stdout;
}

/** The port of this computer that leads to the guest's SSH server. */
export function sshPortOf(machine: MachineJson): number {
  const port = machine.addresses[0]?.ssh?.port;
  assert.ok(port !== undefined, `${machine.name} has no address: ${JSON.stringify(machine)}`);
  return port;
}

/** Waits until `inspect` says what `wanted` wants. */
export function waitForMachine(
  home: TempHome,
  name: string,
  what: string,
  wanted: (machine: MachineJson) => boolean,
  timeoutMs = 60_000,
): Promise<MachineJson> {
  return waitFor(`${name}: ${what}`, async () => {
    const machine = await inspect(home, name);
    if (!wanted(machine)) throw new Error(`it is ${JSON.stringify(machine)}`);
    return machine;
    // Each look is a program of its own: without pauses they would take the guest's time.
  }, { timeoutMs, intervalMs: 300 });
}

/** Process ids of the hypervisors that run for a home. */
export function hypervisors(home: TempHome): number[] {
  return home.processes().filter(({ command }) => /(^|\/)qemu-system-\S+ -name /.test(command))
    .map(({ pid }) => pid);
}

/** Process ids of the supervisors that run for a home. */
export function supervisors(home: TempHome): number[] {
  return home.processes().filter(({ command }) => / supervise --mode=\w+ /.test(command))
    .map(({ pid }) => pid);
}

/** The only process of a kind. */
export function only(pids: readonly number[]): number {
  const [pid, ...others] = pids;
  assert.ok(pid !== undefined && others.length === 0, `not one process: ${pids.join(", ")}`);
  return pid;
}

/** SIGKILL, and the wait until the process is gone. */
export async function kill9(pid: number): Promise<void> {
  Deno.kill(pid, "SIGKILL");
  await waitFor(`the end of ${pid}`, () => !isRunning(pid));
}

/** What a home holds for good: the store, keys, the configuration, and stored images. */
const KEPT = /^(state\.db|config\.toml|ssh\/|images\/sha256\/|locks\/images\.lock$|cache\/)/;

/** Folders of images that stay when there is nothing in them. */
const EMPTY_FOLDERS: readonly string[] = ["images/sha256", "images/staging", "images/partial"];

/** Files and folders that belong to a machine or to a command that was cut short. */
export function remains(home: Pick<TempHome, "path">): string[] {
  const found: string[] = [];
  const walk = (folder: string, depth: number) => {
    for (const entry of Deno.readDirSync(`${home.path}/${folder}`)) {
      const path = `${folder}${entry.name}`;
      if (entry.isDirectory) {
        // `run` and `vms` themselves stay; whatever is in them does not.
        if (depth > 0 && !KEPT.test(`${path}/`) && !EMPTY_FOLDERS.includes(path)) {
          found.push(`${path}/`);
        }
        walk(`${path}/`, depth + 1);
      } else if (!KEPT.test(path)) found.push(path);
    }
  };
  walk("", 0);
  return found.sort();
}

/** Fails unless nothing of any machine is left: no record, process, file or folder. */
export async function assertNothingLeft(home: TempHome): Promise<void> {
  assert.deepEqual(await list(home), []);
  assert.deepEqual(remains(home), []);
  // A supervisor has answered before it has ended itself.
  await waitFor("the end of all processes", () => {
    const left = home.processes();
    if (left.length > 0) throw new Error(left.map(({ command }) => command).join("\n"));
    return true;
  }, { timeoutMs: 10_000 });
}
