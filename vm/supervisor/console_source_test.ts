import assert from "node:assert/strict";
import { closeFile, writeFile } from "../../native/libc.ts";
import type { Control } from "../../plugins/contract.ts";
import { openPty } from "../../tests/stand_ins/vfkit_lib/libc.ts";
import { waitFor } from "../../tests/support/wait_for.ts";
import type { ConsoleStream } from "./console_hub.ts";
import { openConsole } from "./console_source.ts";

/** A terminal as a hypervisor makes it, and what is opened of it. */
async function withTerminal(
  use: (console: ConsoleStream, master: number) => Promise<void>,
): Promise<void> {
  const { master, slave, path } = openPty();
  // Only its path is asked for.
  const control = { consolePath: () => Promise.resolve(path) } as unknown as Control;
  const console = await openConsole({ kind: "pty", loggedBy: "supervisor" }, control);
  assert.ok(console !== undefined);
  try {
    await use(console, master);
  } finally {
    console.close();
    closeFile(master);
    closeFile(slave);
  }
}

/** What has come to the hypervisor's end until now. */
function received(master: number): Uint8Array {
  const buffer = new Uint8Array(1 << 16);
  const libc = Deno.dlopen("libc.so.6", {
    read: { parameters: ["i32", "buffer", "usize"], result: "isize" },
  });
  // The descriptor does not block: without anything to read, it is -1.
  const count = Number(libc.symbols.read(master, buffer, BigInt(buffer.length)));
  libc.close();
  return buffer.slice(0, Math.max(0, count));
}

Deno.test("openConsole() passes every byte on as it is, in both directions", async () => {
  await withTerminal(async (console, master) => {
    const every = Uint8Array.from({ length: 256 }, (_, i) => i);
    writeFile(master, every);
    const buffer = new Uint8Array(512);
    let length = 0;
    while (length < 256) length += await console.read(buffer.subarray(length)) ?? 0;
    assert.deepEqual(buffer.subarray(0, length), every);
    assert.equal(await console.write(every), 256);
    const bytes = await waitFor("the bytes", () => {
      const found = received(master);
      return found.length > 0 ? found : undefined;
    });
    assert.deepEqual(bytes, every);
  });
});

Deno.test("openConsole() holds nothing up while a guest does not read, and loses nothing", async () => {
  await withTerminal(async (console, master) => {
    const pasted = Uint8Array.from({ length: 200_000 }, (_, i) => (i * 7) % 251);
    let written = 0;
    const writing = (async () => {
      while (written < pasted.length) written += await console.write(pasted.subarray(written));
    })();
    await new Promise((resolve) => setTimeout(resolve, 100));
    assert.ok(written < pasted.length, "it is full");
    // Meanwhile the guest's output comes through.
    writeFile(master, new TextEncoder().encode("still alive"));
    const buffer = new Uint8Array(64);
    const count = await console.read(buffer);
    assert.equal(new TextDecoder().decode(buffer.subarray(0, count ?? 0)), "still alive");
    const parts: Uint8Array[] = [];
    let length = 0;
    await waitFor("all that was typed", () => {
      for (let part = received(master); part.length > 0; part = received(master)) {
        parts.push(part);
        length += part.length;
      }
      return length >= pasted.length;
    }, { intervalMs: 1 });
    await writing;
    assert.deepEqual(
      new Uint8Array(await new Blob(parts.map((p) => Uint8Array.from(p))).arrayBuffer()),
      pasted,
    );
  });
});

Deno.test("close() ends a write that waits", async () => {
  await withTerminal(async (console) => {
    const write = async () => {
      while (true) await console.write(new Uint8Array(10_000));
    };
    const writing = assert.rejects(write(), { code: "failed" });
    await new Promise((resolve) => setTimeout(resolve, 50));
    console.close();
    await writing;
  });
});
