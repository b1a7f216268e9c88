/**
 * The network cards of this namespace, which are all that the helpers know of each other: what
 * vmnet would know of an interface stands in its alias.
 */
import { StandInError } from "../mac_lib/error.ts";

/** What `ip -details -json link` tells of one. */
export interface Link {
  ifname: string;
  ifalias?: string;
  address?: string;
  /** Name of the bridge that it is a port of. */
  master?: string;
  linkinfo?: { info_kind?: string };
}

export async function links(): Promise<Link[]> {
  return JSON.parse(await ip(["-details", "-json", "link", "show"]));
}

/** Runs commands of ip(8) one after the other. */
export async function change(commands: readonly string[]): Promise<void> {
  await ip(["-batch", "-"], commands.map((command) => `${command}\n`).join(""));
}

async function ip(args: string[], input = ""): Promise<string> {
  const child = new Deno.Command("ip", {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  // It may end before it has read all.
  await writer.write(new TextEncoder().encode(input)).catch(() => {});
  await writer.close().catch(() => {});
  const { success, stdout, stderr } = await child.output();
  if (success) return new TextDecoder().decode(stdout);
  throw new StandInError(`ip ${args.join(" ")}: ${new TextDecoder().decode(stderr).trim()}`);
}

/** Does something while no other helper of this namespace does. */
export async function exclusively<T>(work: () => Promise<T>): Promise<T> {
  // The lock is on the namespace itself, so that nothing is left of it.
  using namespace = await Deno.open("/proc/self/ns/net");
  await namespace.lock(true);
  return await work();
}

/** This computer's own network is not played with. @throws {StandInError} */
export function requireOwnNamespace(): void {
  const own = Deno.statSync("/proc/self/ns/net").ino;
  const isOwn = (path: string) => Deno.statSync(path).ino === own;
  if (Deno.uid() === 0 && namedNamespaces().some(isOwn)) return;
  throw new StandInError("needs root, and a network namespace of its own (`ip netns add`)");
}

/** Namespaces of `ip netns`; the computer's own is not among them. */
function namedNamespaces(): string[] {
  try {
    return [...Deno.readDirSync("/run/netns")].map(({ name }) => `/run/netns/${name}`);
  } catch {
    return [];
  }
}
