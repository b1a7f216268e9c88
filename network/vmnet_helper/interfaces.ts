import { CocoonError } from "../../errors/error.ts";
import type { Host } from "../../plugins/contract.ts";
import type { Helper } from "./program.ts";

/**
 * The Mac's interfaces that guests can share, which the helper lists without root.
 * @throws {CocoonError} `failed`
 */
export async function sharedInterfaces(host: Host, { path }: Helper): Promise<string[]> {
  const { code, stdout, stderr } = await host.run([path, "--list-shared-interfaces"]);
  if (code === 0) return stdout.split("\n").map((line) => line.trim()).filter((name) => name);
  const why = stderr.trim() || `status ${code}`;
  throw new CocoonError("failed", `vmnet-helper does not list the Mac's interfaces: ${why}`);
}

/**
 * vmnet itself does not say which interface it lacks.
 * @throws {CocoonError} `usage` with those that there are
 */
export async function requireInterface(
  host: Host,
  helper: Helper,
  network: string,
  name: string,
): Promise<void> {
  const names = await sharedInterfaces(host, helper);
  if (names.includes(name)) return;
  throw new CocoonError("usage", `network "${network}": this Mac shares no interface "${name}"`, {
    hint: names.length === 0
      ? "It shares none at all: connect it to a network."
      : `Set \`interface\` of the network to one of: ${names.join(", ")}.`,
  });
}
