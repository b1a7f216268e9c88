/** Starts stand-ins as a driver would, for their own tests. */
import { spawn } from "node:child_process";
import { waitFor } from "../../support/wait_for.ts";

export const STAND_IN = new URL("../vfkit", import.meta.url).pathname;

/** With what it is started. */
export interface StartOptions {
  /** The stand-in's own options. */
  env?: Record<string, string>;
  cwd?: string;
  /** A descriptor that becomes standard input. */
  stdin?: number;
  /** Descriptors that become 3, 4, ... */
  inherit?: number[];
}

/** An answer of the REST server. */
export interface Answer {
  status: number;
  text: string;
  headers: Headers;
}

/** A running stand-in; closing it kills it. */
export interface RunningStandIn extends AsyncDisposable {
  readonly pid: number;
  /** Exit status, or the name of the signal. */
  readonly exit: Promise<number | string>;
  stdout(): string;
  stderr(): string;
  signal(name: Deno.Signal): void;
  /** True while the process lives. */
  alive(): boolean;
  /** Waits for a text on standard error. */
  says(text: string, timeoutMs?: number): Promise<void>;
}

/** Starts vfkit's stand-in. */
export function startVfkit(args: readonly string[], options: StartOptions = {}): RunningStandIn {
  return startStandIn(STAND_IN, args, options);
}

/** Starts a stand-in without a terminal, in a process group of its own. */
export function startStandIn(
  program: string,
  args: readonly string[],
  options: StartOptions = {},
): RunningStandIn {
  const child = spawn(program, args, {
    detached: true,
    stdio: [options.stdin ?? "ignore", "pipe", "pipe", ...(options.inherit ?? [])],
    env: { ...Deno.env.toObject(), COCOON_DENO: Deno.execPath(), ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  let [out, err] = ["", ""];
  child.stdout?.on("data", (data) => out += data);
  child.stderr?.on("data", (data) => err += data);
  let ended = false;
  const exit = new Promise<number | string>((resolve) => {
    child.once("close", (code, signal) => {
      ended = true;
      resolve(code ?? signal ?? "lost");
    });
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} cannot be started`);
  const signal = (name: Deno.Signal) => Deno.kill(pid, name);
  return {
    pid,
    exit,
    stdout: () => out,
    stderr: () => err,
    signal,
    alive: () => !ended,
    async says(text, timeoutMs = 30_000) {
      await waitFor(`"${text}" on standard error`, () => {
        if (err.includes(text)) return true;
        if (ended) throw new Error(`it ended with: ${err}`);
        return false;
      }, { timeoutMs });
    },
    async [Symbol.asyncDispose]() {
      if (!ended) signal("SIGKILL");
      await exit;
    },
  };
}

/** One request over the socket. Rejects when the connection is cut. */
export async function request(
  path: string,
  method: string,
  target: string,
  body?: string,
): Promise<Answer> {
  using client = Deno.createHttpClient({ proxy: { transport: "unix", path } });
  const response = await fetch(`http://vfkit${target}`, {
    client,
    method,
    redirect: "manual",
    signal: AbortSignal.timeout(30_000),
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

/** Asks for a change of state. */
export function setState(path: string, state: string): Promise<Answer> {
  return request(path, "POST", "/vm/state", JSON.stringify({ state }));
}

/** Waits until the server answers with this state. */
export async function waitForState(path: string, state: string): Promise<void> {
  await waitFor(`state ${state}`, async () => {
    const { text } = await request(path, "GET", "/vm/state");
    if (JSON.parse(text).state === `VirtualMachineState${state}`) return true;
    throw new Error(text);
  });
}

/** A folder for one test, short enough for sockets in it. */
export async function withFolder(test: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "vf-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** What is in a folder, sorted. */
export function list(folder: string): string[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
}

const MSG_DONTWAIT = 0x40;
let libc:
  | Deno.DynamicLibrary<
    { recv: { parameters: ["i32", "buffer", "usize", "i32"]; result: "isize" } }
  >
  | undefined;

/** What has come to a datagram socket since the last look. */
export function received(fd: number): Uint8Array[] {
  libc ??= Deno.dlopen("libc.so.6", {
    recv: { parameters: ["i32", "buffer", "usize", "i32"], result: "isize" },
  });
  const datagrams: Uint8Array[] = [];
  const buffer = new Uint8Array(1 << 16);
  while (true) {
    const length = Number(libc.symbols.recv(fd, buffer, BigInt(buffer.length), MSG_DONTWAIT));
    if (length < 0) return datagrams;
    datagrams.push(buffer.slice(0, length));
  }
}
