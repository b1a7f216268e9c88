/** `--socket`: a datagram socket that serves the first client, for its whole life. */
import type { StandInOptions } from "./environment.ts";
import { HelperError } from "./error.ts";
import { CallError, cString, library, made, readable, strerror } from "./libc.ts";
import * as log from "./log.ts";

const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0x80000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SO_RCVBUF = 8;
const MSG_PEEK = 2;
const O_CREAT = 0x40;
const O_CLOEXEC = 0x80000;
const LOCK_EX_NB = 2 | 4;
const SOCKADDR_UN_BYTES = 110;
const PATH_OFFSET = 2;

/**
 * Linux counts what is under way to the guest against the first; macOS does not, and vmnet-helper's
 * 65 KiB would hold few packets here.
 */
const SEND_BUFFER_BYTES = 1024 * 1024;
const RECEIVE_BUFFER_BYTES = 4 * 1024 * 1024;
/** The shortest Ethernet frame with its checksum; vfkit's greeting `VFKT` is shorter. */
const SHORTEST_BYTES = 64;

/** Holds `PATH.lock` to the end. @throws {HelperError} when another helper has it */
export function lockSocket(path: string, options: StandInOptions, onExit: DisposableStack): void {
  const lock = `${path}.lock`;
  failing(`open("${lock}")`, () => {
    const fd = made("open", (c) => c.open(cString(lock), O_CREAT | O_CLOEXEC, 0o600));
    made("flock", (c) => c.flock(fd, LOCK_EX_NB));
  });
  own(lock, options);
  onExit.defer(() => removeQuietly(lock));
  log.debug(`[main] created lockfile "${lock}"`);
}

/** Makes the socket. @throws {HelperError} */
export function createSocket(
  path: string,
  options: StandInOptions,
  onExit: DisposableStack,
): number {
  const fd = failing(
    "socket",
    () => made("socket", (c) => c.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)),
  );
  const set = (option: number, bytes: number) =>
    library().calls.setsockopt(fd, SOL_SOCKET, option, Int32Array.of(bytes), 4);
  set(SO_SNDBUF, SEND_BUFFER_BYTES);
  set(SO_RCVBUF, RECEIVE_BUFFER_BYTES);
  const failure = remove(path);
  if (failure !== undefined) throw new HelperError(`[main] remove("${path}"): ${failure}`);
  const address = new Uint8Array(PATH_OFFSET + cString(path).length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  address.set(cString(path), PATH_OFFSET);
  failing(`bind("${path}")`, () => made("bind", (c) => c.bind(fd, address, address.length)));
  Deno.chmodSync(path, 0o600);
  own(path, options);
  onExit.defer(() => removeQuietly(path));
  log.debug(`[main] created socket "${path}"`);
  return fd;
}

/** Resolves once somebody has sent something. */
export async function waitForClient(fd: number, path: string): Promise<void> {
  log.info(`[main] waiting for client on "${path}"`);
  await readable(fd);
}

/** From now on only this client is heard. @throws {HelperError} */
export function connectClient(fd: number): void {
  const start = new Uint8Array(SHORTEST_BYTES);
  const address = new Uint8Array(SOCKADDR_UN_BYTES);
  const length = Int32Array.of(address.length);
  const room = BigInt(start.length);
  const bytes = Number(
    failing(
      "recvfrom",
      () => made("recvfrom", (c) => c.recvfrom(fd, start, room, MSG_PEEK, address, length)),
    ),
  );
  const addressBytes = length[0] ?? 0;
  const client = new TextDecoder().decode(address.subarray(PATH_OFFSET, addressBytes))
    .replace(/\0.*$/s, "");
  log.debug(`[main] connecting to "${client}"`);
  // A client without a name of its own cannot be answered.
  failing(
    `connect("${client}")`,
    () => made("connect", (c) => c.connect(fd, address, addressBytes)),
  );
  if (bytes < SHORTEST_BYTES) {
    log.debug(`[main] dropping invalid packet (${bytes} bytes)`);
    failing("read", () => made("read", (c) => c.read(fd, start, room)));
  }
  log.info(`[main] serving client "${client}"`);
}

function failing<T>(what: string, call: () => T): T {
  try {
    return call();
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    throw new HelperError(`[main] ${what}: ${error.message}`);
  }
}

/** remove(3): a file or an empty folder. Returns what went wrong, unless it was not there. */
function remove(path: string): string | undefined {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    return strerror(Number(/os error (\d+)/.exec(String(error))?.[1]));
  }
  return undefined;
}

function removeQuietly(path: string): void {
  const failure = remove(path);
  if (failure !== undefined) log.warn(`[main] remove("${path}"): ${failure}`);
}

/** Made after the privileges were dropped, so it belongs to whom sudo runs this for. */
function own(path: string, { sudoUid, sudoGid }: StandInOptions): void {
  if (sudoUid === undefined && sudoGid === undefined) return;
  Deno.chownSync(path, Number(sudoUid ?? 0), Number(sudoGid ?? 0));
}
