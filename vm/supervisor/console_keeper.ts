/**
 * Keeps the guest's console read for as long as the machine runs: a guest may stand still while
 * nobody reads what it writes, so a connection that ends by itself is made again.
 */
import { messageOf } from "../../errors/error.ts";
import type { ConsoleHub, ConsoleStream } from "./console_hub.ts";

/** Milliseconds from the end of a connection to the next; a hypervisor that ends is gone by then. */
const REOPEN_MS = 200;

/** What is kept. */
export interface ConsoleSource {
  /** Undefined where there is nothing to connect to. */
  open(): Promise<ConsoleStream | undefined>;
  /** Whether the machine still runs, and is ours. */
  isWanted(): boolean;
}

/**
 * Resolves once the console is connected, or could not be: a machine without it still serves, and
 * the log tells why it has none. The connection is kept from then on.
 */
export async function keepConsole(
  hub: Pick<ConsoleHub, "connect">,
  source: ConsoleSource,
): Promise<void> {
  const end = await connectOnce(hub, source);
  if (end !== undefined) reconnect(hub, source, end);
}

/** A promise of the connection's end, inside of an object: it is not to be awaited here. */
async function connectOnce(
  hub: Pick<ConsoleHub, "connect">,
  source: ConsoleSource,
): Promise<{ end: Promise<void> } | undefined> {
  try {
    const stream = await source.open();
    return stream && { end: hub.connect(stream) };
  } catch (error) {
    console.error(messageOf(error));
    return { end: Promise.resolve() };
  }
}

async function reconnect(
  hub: Pick<ConsoleHub, "connect">,
  source: ConsoleSource,
  first: { end: Promise<void> },
): Promise<void> {
  for (let now: typeof first | undefined = first; now !== undefined;) {
    await now.end;
    await new Promise((resolve) => setTimeout(resolve, REOPEN_MS));
    if (!source.isWanted()) return;
    console.error("the connection to the console has ended; it is made again");
    now = await connectOnce(hub, source);
  }
}
