import assert from "node:assert/strict";
import { ConsoleHub, SCROLLBACK_BYTES } from "./console_hub.ts";

/** A guest whose output the test writes and whose input it reads. */
function fakeGuest() {
  const output = new TransformStream<Uint8Array, Uint8Array>(undefined, { highWaterMark: 64 });
  const writer = output.writable.getWriter();
  const reader = output.readable.getReader();
  const typed: string[] = [];
  return {
    typed,
    print: (text: string) => writer.write(new TextEncoder().encode(text)),
    stream: {
      async read(buffer: Uint8Array): Promise<number | null> {
        const { value, done } = await reader.read();
        if (done) return null;
        buffer.set(value);
        return value.length;
      },
      write(data: Uint8Array): Promise<number> {
        typed.push(new TextDecoder().decode(data));
        return Promise.resolve(data.length);
      },
      close: () => void writer.close().catch(() => {}),
    },
  };
}

async function readUntil(terminal: Deno.Conn, wanted: string): Promise<string> {
  const buffer = new Uint8Array(64 * 1024);
  let text = "";
  while (!text.includes(wanted)) {
    const count = await terminal.read(buffer);
    if (count === null) throw new Error(`the console ended after ${JSON.stringify(text)}`);
    text += new TextDecoder().decode(buffer.subarray(0, count));
  }
  return text;
}

async function withHub(
  writeLog: boolean,
  body: (hub: ConsoleHub, root: string) => Promise<void>,
): Promise<void> {
  const root = Deno.makeTempDirSync({ dir: "/tmp" });
  const hub = new ConsoleHub(`${root}/console.sock`, `${root}/console.log`, writeLog);
  try {
    hub.listen();
    await body(hub, root);
  } finally {
    hub.close();
    Deno.removeSync(root, { recursive: true });
  }
}

const attach = (root: string) => Deno.connect({ transport: "unix", path: `${root}/console.sock` });

Deno.test("ConsoleHub gives all output to every terminal, and earlier output to a new one", () =>
  withHub(true, async (hub, root) => {
    const guest = fakeGuest();
    hub.connect(guest.stream);
    using first = await attach(root);
    await guest.print("login: ");
    assert.equal(await readUntil(first, "login: "), "login: ");
    using second = await attach(root);
    assert.equal(await readUntil(second, "login: "), "login: ", "scrollback");
    await guest.print("more");
    assert.equal(await readUntil(first, "more"), "more");
    assert.equal(await readUntil(second, "more"), "more");
  }));

Deno.test("ConsoleHub sends to the guest what any terminal types", () =>
  withHub(true, async (hub, root) => {
    const guest = fakeGuest();
    hub.connect(guest.stream);
    using first = await attach(root);
    using second = await attach(root);
    await first.write(new TextEncoder().encode("a"));
    await second.write(new TextEncoder().encode("b"));
    while (guest.typed.length < 2) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.deepEqual(guest.typed.toSorted(), ["a", "b"]);
  }));

Deno.test("ConsoleHub keeps the last output only", () =>
  withHub(true, async (hub, root) => {
    const guest = fakeGuest();
    hub.connect(guest.stream);
    using watcher = await attach(root);
    for (let index = 0; index < 10; index++) await guest.print(`${index}`.repeat(10_000));
    await guest.print("END");
    await readUntil(watcher, "END");
    using late = await attach(root);
    const seen = await readUntil(late, "END");
    assert.equal(seen.length, SCROLLBACK_BYTES);
    assert(seen.startsWith("3"), seen.slice(0, 3));
  }));

Deno.test("ConsoleHub drops a terminal that does not read, and goes on with the others", () =>
  withHub(true, async (hub, root) => {
    const guest = fakeGuest();
    hub.connect(guest.stream);
    using _asleep = await attach(root);
    using awake = await attach(root);
    const reading = readUntil(awake, "END");
    for (let index = 0; index < 350; index++) {
      await guest.print("x".repeat(16_000));
      // As from a socket: other work of the process comes in between.
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    await guest.print("END");
    await reading;
    assert.equal(hub.terminals, 1);
  }));

Deno.test("ConsoleHub writes the log where the hypervisor doesn't", () =>
  withHub(true, async (hub, root) => {
    const guest = fakeGuest();
    hub.connect(guest.stream);
    using terminal = await attach(root);
    await guest.print("hello\n");
    await readUntil(terminal, "hello");
    assert.equal(Deno.readTextFileSync(`${root}/console.log`), "hello\n");
  }));

Deno.test("ConsoleHub takes scrollback from the log that the hypervisor writes", () =>
  withHub(false, async (hub, root) => {
    Deno.writeTextFileSync(`${root}/console.log`, "written before anybody was connected\n");
    hub.connect(fakeGuest().stream);
    using terminal = await attach(root);
    assert.match(await readUntil(terminal, "connected\n"), /^written before/);
  }));

Deno.test("ConsoleHub.close() ends the terminals", () =>
  withHub(true, async (hub, root) => {
    hub.connect(fakeGuest().stream);
    using terminal = await attach(root);
    while (hub.terminals === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    hub.close();
    assert.equal(await terminal.read(new Uint8Array(1)), null);
  }));
