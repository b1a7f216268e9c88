/**
 * Port forwards of a gvproxy that runs, by its HTTP API on a Unix socket (gvisor-tap-vsock,
 * pkg/services/forwarder): they come and go while the machine runs.
 */
import { CocoonError, messageOf } from "../../errors/error.ts";
import type { PortForward } from "../../plugins/contract.ts";

/** Milliseconds for one request. */
const TIMEOUT_MS = 5_000;

/** A gvproxy, and the guest behind it. */
export interface Gateway {
  apiSocketPath: string;
  guestAddress: string;
}

/**
 * Adds a forward. One that is there already is no error.
 * @throws {CocoonError} `conflict` when another program listens on the port, `failed` otherwise
 */
export async function expose(
  gateway: Gateway,
  forward: PortForward,
  signal: AbortSignal,
): Promise<void> {
  const { guestAddress, apiSocketPath } = gateway;
  const remote = `${guestAddress}:${forward.guestPort}`;
  const local = localOf(forward);
  const { protocol } = forward;
  const { status, text } = await send(apiSocketPath, "expose", { local, remote, protocol }, signal);
  if (status === 200) return;
  const same = (await exposed(gateway, signal)).some((other) =>
    other.local === local && other.remote === remote && other.protocol === protocol
  );
  if (same) return;
  const taken = /address already in use|proxy already running/.test(text);
  const why = taken ? "is in use by another program" : `cannot be forwarded: ${text.trim()}`;
  throw new CocoonError(
    taken ? "conflict" : "failed",
    `port ${local}/${protocol} ${why}`,
    taken ? { hint: "Stop that program, or forward another port." } : {},
  );
}

/**
 * Removes a forward; connections through it that are open go on. One that is not there is no error.
 * @throws {CocoonError} `failed`
 */
export async function unexpose(
  { apiSocketPath }: Gateway,
  forward: PortForward,
  signal: AbortSignal,
): Promise<void> {
  const local = localOf(forward);
  const body = { local, protocol: forward.protocol };
  const { status, text } = await send(apiSocketPath, "unexpose", body, signal);
  if (status === 200 || /proxy not found/.test(text)) return;
  throw new CocoonError(
    "failed",
    `gvproxy does not remove the forward of ${local}: ${text.trim()}`,
  );
}

/** A forward as gvproxy lists it. */
export interface ExposedPort {
  local: string;
  remote: string;
  protocol: string;
}

/**
 * All forwards that there are now.
 * @throws {CocoonError} `failed`
 */
export async function exposed(
  { apiSocketPath }: Pick<Gateway, "apiSocketPath">,
  signal: AbortSignal,
): Promise<ExposedPort[]> {
  const { status, text } = await send(apiSocketPath, "all", undefined, signal);
  const list: unknown = status === 200 ? parseJson(text) : undefined;
  if (Array.isArray(list) && list.every(isExposedPort)) return list;
  throw new CocoonError("failed", `gvproxy does not list its forwards: ${text.trim()}`);
}

/**
 * All forwards into the guest that there are now.
 * @throws {CocoonError} `failed`
 */
export async function openForwards(
  gateway: Pick<Gateway, "apiSocketPath">,
  signal: AbortSignal,
): Promise<PortForward[]> {
  return (await exposed(gateway, signal)).flatMap(({ local, remote, protocol }): PortForward[] => {
    const [, host = "", hostPort] = /^(.*):(\d+)$/.exec(local) ?? [];
    const [, guestPort] = /:(\d+)$/.exec(remote) ?? [];
    if (hostPort === undefined || guestPort === undefined) return [];
    return [{
      protocol: protocol === "udp" ? "udp" : "tcp",
      hostAddress: host.replace(/^\[|\]$/g, ""),
      hostPort: Number(hostPort),
      guestPort: Number(guestPort),
    }];
  });
}

function isExposedPort(value: unknown): value is ExposedPort {
  return typeof value === "object" && value !== null &&
    ["local", "remote", "protocol"].every((key) =>
      typeof Object.getOwnPropertyDescriptor(value, key)?.value === "string"
    );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An empty address would be every address of this computer, so there is always one. */
function localOf({ hostAddress, hostPort }: PortForward): string {
  return hostAddress.includes(":") ? `[${hostAddress}]:${hostPort}` : `${hostAddress}:${hostPort}`;
}

async function send(
  socketPath: string,
  call: "expose" | "unexpose" | "all",
  body: Record<string, string> | undefined,
  signal: AbortSignal,
): Promise<{ status: number; text: string }> {
  using client = Deno.createHttpClient({
    proxy: { transport: "unix", path: socketPath },
    poolMaxIdlePerHost: 0,
  });
  try {
    const response = await fetch(`http://localhost/services/forwarder/${call}`, {
      client,
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
    });
    return { status: response.status, text: await response.text() };
  } catch (cause) {
    signal.throwIfAborted();
    throw new CocoonError("failed", `gvproxy does not answer: ${messageOf(cause)}`, { cause });
  }
}
