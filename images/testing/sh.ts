import { realHost } from "../../host/host.ts";

/** Runs a line of the shell in a folder; any failure fails the test. */
export async function sh(folder: string, line: string): Promise<void> {
  const script = `set -e; cd "$0"; ${line}`;
  const { code, stderr } = await realHost().run(["sh", "-c", script, folder], {
    timeoutMs: 120_000,
  });
  if (code !== 0) throw new Error(`${line}: exit ${code}: ${stderr}`);
}
