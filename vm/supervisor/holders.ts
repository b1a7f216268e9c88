/** Who has a file open, in words: for an error that says that it is in use. */
import { processesHolding } from "../../host/process.ts";
import type { Host } from "../../plugins/contract.ts";

const PS_TIMEOUT_MS = 5_000;

/**
 * One sentence for each file that another process has open; empty when nobody is seen (another
 * user's processes are not).
 */
export async function describeHolders(
  host: Pick<Host, "run">,
  paths: readonly string[],
): Promise<string[]> {
  const sentences: string[] = [];
  for (const path of paths) {
    const names: string[] = [];
    for (const { pid } of holdersOf(path)) names.push(await nameOf(host, pid));
    if (names.length > 0) sentences.push(`${path} is open in ${names.join(" and ")}`);
  }
  return sentences;
}

function holdersOf(path: string) {
  try {
    return processesHolding(path);
  } catch {
    return []; // the file is gone, or the program that tells is
  }
}

async function nameOf(host: Pick<Host, "run">, pid: number): Promise<string> {
  try {
    const { code, stdout } = await host.run(["ps", "-o", "comm=", "-p", String(pid)], {
      timeoutMs: PS_TIMEOUT_MS,
    });
    const name = stdout.trim();
    if (code === 0 && name !== "") return `${name} (process ${pid})`;
  } catch { /* the number alone helps too */ }
  return `process ${pid}`;
}
