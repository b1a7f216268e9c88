/**
 * Which processes belong to a folder: those that name it on their command line or in their
 * environment. A detached process keeps both, whatever its parent becomes, so this finds what a
 * search by parent or by name would miss, and never takes another run's process for one of ours.
 */

/** One running process. */
export interface ProcessInfo {
  pid: number;
  /** The command line, joined by spaces. */
  command: string;
}

/** Every running process, other than this one, that names `path` in its arguments or environment. */
export function processesNaming(path: string): ProcessInfo[] {
  return Deno.build.os === "linux" ? fromProc(path) : fromPs(path);
}

/** SIGKILL; a process that has ended already is no error. */
export function killProcess(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** False for a process that has ended, also while its parent has not yet collected its status. */
export function isRunning(pid: number): boolean {
  if (Deno.build.os === "linux") return processState(pid) !== undefined;
  try {
    Deno.kill(pid, "SIGCONT");
    return true;
  } catch {
    return false;
  }
}

/** The state letter of proc(5), or undefined for a process that is gone or a zombie. */
function processState(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The program's name is in parentheses and may itself contain some; the state follows the last.
  const state = stat?.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
  return state === undefined || state === "Z" || state === "X" ? undefined : state;
}

function fromProc(path: string): ProcessInfo[] {
  const found: ProcessInfo[] = [];
  for (const entry of Deno.readDirSync("/proc")) {
    const pid = Number(entry.name);
    if (!Number.isInteger(pid) || pid === Deno.pid) continue;
    const command = read(`/proc/${pid}/cmdline`) ?? "";
    const environment = read(`/proc/${pid}/environ`) ?? "";
    if (!names(command, path) && !names(environment, path)) continue;
    if (processState(pid) === undefined) continue;
    found.push({ pid, command: command.replaceAll("\0", " ").trim() });
  }
  return found;
}

/** macOS: `ps -E` adds the environment of one's own processes to the command. */
function fromPs(path: string): ProcessInfo[] {
  const { stdout } = new Deno.Command("ps", {
    args: ["-axwwE", "-o", "pid=,stat=,command="],
    stdin: "null",
    stderr: "null",
  }).outputSync();
  const found: ProcessInfo[] = [];
  for (const line of new TextDecoder().decode(stdout).split("\n")) {
    const match = /^\s*(\d+)\s+(\S+)\s+(.*)$/.exec(line);
    if (match === null) continue;
    const [, pid = "", state = "", command = ""] = match;
    if (Number(pid) === Deno.pid || state.startsWith("Z") || !names(command, path)) continue;
    found.push({ pid: Number(pid), command });
  }
  return found;
}

/** True when `text` contains the path itself or a path below it, not merely a longer name. */
function names(text: string, path: string): boolean {
  for (let at = text.indexOf(path); at >= 0; at = text.indexOf(path, at + 1)) {
    const next = text[at + path.length];
    if (next === undefined || !/[\w-]/.test(next)) return true;
  }
  return false;
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    // Ended in between, or another user's.
    return undefined;
  }
}
