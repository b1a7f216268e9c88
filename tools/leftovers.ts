/**
 * What a run of the tests left on this computer. The run has its own temporary folder; whatever
 * it starts inherits that as `TMPDIR`, and whatever it makes lies below it. So a leftover is told
 * from the doings of everybody else on the computer by the folder's name, not by guessing.
 */
import { killProcess, processesNaming } from "../tests/support/processes.ts";

/** The temporary folder of one run. */
export interface RunFolder {
  /** Absolute and short, so that sockets below it stay under 104 bytes. */
  path: string;
  /** Named network namespaces that were there before the run. */
  namespacesBefore: ReadonlySet<string>;
}

/** Makes the folder, 0700. */
export async function makeRunFolder(): Promise<RunFolder> {
  for (;;) {
    const random = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    const path = `/tmp/ct-${random.toString(36).padStart(6, "0").slice(-6)}`;
    try {
      await Deno.mkdir(path, { mode: 0o700 });
      return { path: await Deno.realPath(path), namespacesBefore: new Set(networkNamespaces()) };
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
  }
}

/** How long processes may take to end after the last test. */
const GRACE_MS = 3_000;

/** Everything that is left of the run, one line each. */
export async function findLeftovers(folder: RunFolder): Promise<string[]> {
  const deadline = performance.now() + GRACE_MS;
  while (processesNaming(folder.path).length > 0 && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return [
    ...processesNaming(folder.path).map(({ pid, command }) => `process ${pid}: ${command}`),
    ...mountsBelow(folder.path).map((path) => `mount ${path}`),
    ...loopDevicesBelow(folder.path).map(([device, file]) => `loop device ${device} of ${file}`),
    ...networkNamespaces().filter((name) => !folder.namespacesBefore.has(name))
      .map((name) => `network namespace ${name}`),
    ...[...Deno.readDirSync(folder.path)].map((entry) => `file ${folder.path}/${entry.name}`),
  ];
}

/** Ends, unmounts, detaches and removes what is left, as far as that goes. */
export async function clearLeftovers(folder: RunFolder): Promise<void> {
  for (const { pid } of processesNaming(folder.path)) killProcess(pid);
  // The last mounted first: a mount may lie on another.
  for (const path of mountsBelow(folder.path).reverse()) await run("umount", path);
  for (const [device] of loopDevicesBelow(folder.path)) await run("losetup", "-d", device);
  if (mountsBelow(folder.path).length > 0) return;
  await Deno.remove(folder.path, { recursive: true }).catch(() => {/* named by findLeftovers */});
}

/** Mount points below a folder, oldest first. */
export function mountsBelow(path: string): string[] {
  const text = read("/proc/self/mountinfo") ?? "";
  // Field 5 is the mount point; proc(5) writes blanks in it as octal escapes.
  return text.split("\n").map((line) => line.split(" ")[4] ?? "")
    .map((point) =>
      point.replace(/\\([0-7]{3})/g, (_, octal) => {
        return String.fromCharCode(parseInt(octal, 8));
      })
    )
    .filter((point) => point === path || point.startsWith(`${path}/`));
}

/** Loop devices and their files, where the file lies or lay below a folder. */
function loopDevicesBelow(path: string): [device: string, file: string][] {
  const found: [string, string][] = [];
  for (const name of list("/sys/block").filter((name) => name.startsWith("loop"))) {
    const file = read(`/sys/block/${name}/loop/backing_file`)?.trim();
    if (file?.startsWith(`${path}/`)) found.push([`/dev/${name}`, file]);
  }
  return found;
}

/** Names that `ip netns` knows. */
function networkNamespaces(): string[] {
  return list("/run/netns");
}

async function run(program: string, ...args: string[]): Promise<void> {
  await new Deno.Command(program, { args, stdin: "null", stdout: "null" }).output();
}

function list(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map((entry) => entry.name);
  } catch {
    return [];
  }
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return undefined;
  }
}
