import { realHost } from "../../host/host.ts";
import { VERSION } from "../../host/version.ts";

/** Where and when was measured. */
export interface Computer {
  cocoon: string;
  deno: string;
  system: string;
  processor: string;
  cpus: number;
  memoryBytes: number;
  qemu: string;
  /** RFC 3339, UTC. */
  at: string;
  /** Mean number of processes that wanted to run in the last minute, before and after. */
  load: { before: number; after: number };
}

/** What can be said before anything has run. */
export async function describeComputer(): Promise<Computer> {
  const host = realHost();
  const load = currentLoad();
  const qemu = await host.run(["qemu-img", "--version"])
    .then(({ stdout }) => /version (\S+)/.exec(stdout)?.[1], () => undefined);
  return {
    cocoon: VERSION,
    deno: Deno.version.deno,
    system: `${osName()}, ${Deno.build.os} ${Deno.osRelease()}`,
    processor: `${Deno.build.arch}, ${processorName()}`,
    cpus: host.cpus,
    memoryBytes: host.memoryBytes,
    qemu: qemu ?? "none",
    at: host.now().toISOString(),
    load: { before: load, after: load },
  };
}

/** The load of the last minute. */
export function currentLoad(): number {
  return Deno.loadavg()[0] ?? 0;
}

function osName(): string {
  return firstMatch("/etc/os-release", /^PRETTY_NAME="(.*)"$/m) ?? Deno.build.os;
}

function processorName(): string {
  return firstMatch("/proc/cpuinfo", /^model name\s*: (.*)$/m) ?? "unknown model";
}

function firstMatch(path: string, pattern: RegExp): string | undefined {
  try {
    return pattern.exec(Deno.readTextFileSync(path))?.[1];
  } catch {
    // macOS has neither file.
    return undefined;
  }
}
