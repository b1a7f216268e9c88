/** Starts vmnet-helper's stand-in and plays its guests, for its own tests. */
import { closeFile, writeFile } from "../../../native/libc.ts";
import { datagramPair } from "../../../native/socketpair.ts";
import { noOwnNetwork, type OwnNetwork } from "../../support/own_network.ts";
import { waitFor } from "../../support/wait_for.ts";
import {
  received,
  type RunningStandIn,
  type StartOptions,
  startStandIn,
} from "../vfkit_lib/testing.ts";

export const STAND_IN = new URL("../vmnet-helper", import.meta.url).pathname;

/** Why no frames can be carried here; undefined where they can. */
export function noFrames(): string | undefined {
  try {
    Deno.openSync("/dev/net/tun", { read: true, write: true }).close();
  } catch (error) {
    return String(error);
  }
  return noOwnNetwork();
}

/** The keys of the ready line. */
export type Ready = Record<string, string | number>;

/** A running helper. */
export interface RunningHelper extends RunningStandIn {
  /** Waits for the ready line. */
  ready(): Promise<Ready>;
  /** The line, as it was written. */
  line(): string | undefined;
}

/** Starts one, in a network unless it comes to no frames. */
export function startHelper(
  network: OwnNetwork | undefined,
  args: readonly string[],
  options: StartOptions = {},
): RunningHelper {
  const [program, ...before] = network === undefined
    ? [STAND_IN]
    : ["nsenter", `--net=/run/netns/${network.name}`, "--", STAND_IN] as const;
  const running = startStandIn(program ?? STAND_IN, [...before, ...args], options);
  const line = () => /^.*\n/.exec(running.stdout())?.[0];
  return {
    ...running,
    line,
    async ready() {
      const look = () => line() ?? (running.alive() ? undefined : "ended");
      const text = await waitFor("the ready line", look, { intervalMs: 10 });
      if (text === "ended") throw new Error(`it ended with: ${running.stderr()}`);
      return JSON.parse(text);
    },
    [Symbol.asyncDispose]: () => running[Symbol.asyncDispose](),
  };
}

/** The guest's end of a cable, whose other end a helper has. */
export interface Guest extends Disposable {
  send(frame: Uint8Array<ArrayBuffer>): void;
  /** The first frame for which `read` answers something. */
  gets<T>(what: string, read: (frame: Uint8Array) => T | undefined): Promise<T>;
  /** What has come since the last look. */
  all(): Uint8Array[];
}

/** A helper with its guest. */
export interface Plugged extends AsyncDisposable {
  helper: RunningHelper;
  guest: Guest;
}

/** Starts a helper with `--fd 0`, and waits until it is ready. */
export async function plug(
  network: OwnNetwork,
  args: readonly string[] = [],
  env: Record<string, string> = {},
): Promise<Plugged & { ready: Ready }> {
  const [ours, theirs] = datagramPair();
  const helper = startHelper(network, ["--fd", "0", ...args], { env, stdin: theirs });
  closeFile(theirs);
  const guest = guestOf(ours);
  const dispose = async () => {
    await helper[Symbol.asyncDispose]();
    guest[Symbol.dispose]();
  };
  try {
    const ready = await helper.ready();
    return { helper, guest, ready, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw new Error(`${error}: ${helper.stderr()}`);
  }
}

/** Takes over the descriptor. */
export function guestOf(fd: number): Guest {
  const waiting: Uint8Array[] = [];
  let closed = false;
  const all = () => [...waiting.splice(0), ...received(fd)];
  return {
    send: (frame) => void writeFile(fd, frame),
    all,
    gets: (what, read) =>
      waitFor(what, () => {
        const frames = all();
        for (const [i, frame] of frames.entries()) {
          const found = read(frame);
          if (found === undefined) continue;
          waiting.push(...frames.slice(i + 1));
          return found;
        }
        return undefined;
      }, { timeoutMs: 10_000, intervalMs: 5 }),
    [Symbol.dispose]: () => {
      // A second time, the number may be another thread's file, or the runtime's own.
      if (!closed) closeFile(fd);
      closed = true;
    },
  };
}

/** Cards and bridges of a network, without the loopback. */
export async function cards(network: OwnNetwork): Promise<string[]> {
  const links: { ifname: string }[] = JSON.parse(await network.run("ip", "-json", "link"));
  return links.map(({ ifname }) => ifname).filter((name) => name !== "lo").sort();
}

/** Long enough that a frame that is to come would have come. */
export function aMoment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 150));
}
