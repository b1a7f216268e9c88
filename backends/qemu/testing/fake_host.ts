import { realHost } from "../../../host/host.ts";
import type { Host } from "../../../plugins/contract.ts";

/**
 * This computer with some parts replaced: an x86_64 Linux, no environment, no programs. What runs,
 * really runs. For tests only.
 */
export function fakeHost(parts: Partial<Host> = {}): Host {
  const real = realHost();
  return {
    os: "linux",
    architecture: "x86_64",
    cpus: 4,
    memoryBytes: 8 * 1024 ** 3,
    env: () => undefined,
    which: () => undefined,
    exists: real.exists,
    run: real.run,
    now: real.now,
    ...parts,
  };
}

/** Calls `use` with a new directory, which is removed afterwards. */
export async function withTempDir<T>(use: (directory: string) => T | Promise<T>): Promise<T> {
  const directory = await Deno.makeTempDir();
  try {
    return await use(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Writes a shell script that can be executed, and returns its path. */
export async function writeScript(path: string, body: string): Promise<string> {
  await Deno.writeTextFile(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return path;
}
