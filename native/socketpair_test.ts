import assert from "node:assert/strict";
import { closeFile, writeFile } from "./libc.ts";
import { datagramPair } from "./socketpair.ts";

Deno.test("datagramPair() carries a whole frame into a child", async () => {
  const [ours, theirs] = datagramPair();
  const result = await Deno.makeTempFile({ dir: "/tmp" });
  try {
    // 9000 bytes: a jumbo frame, more than one page; two of them stay two.
    const frame = new Uint8Array(9000).fill(7);
    assert.equal(writeFile(ours, frame), 9000);
    assert.equal(writeFile(ours, frame), 9000);
    const { spawn } = await import("node:child_process");
    const child = spawn(
      "sh",
      ["-c", 'dd bs=65536 count=1 <&3 2>/dev/null | wc -c > "$0"', result],
      {
        stdio: ["ignore", "ignore", "inherit", theirs],
      },
    );
    await new Promise((resolve) => child.once("exit", resolve));
    assert.equal((await Deno.readTextFile(result)).trim(), "9000");
  } finally {
    closeFile(ours);
    closeFile(theirs);
    await Deno.remove(result);
  }
});

Deno.test("datagramPair() is not inherited by a child that is not handed an end", async () => {
  const pair = datagramPair();
  try {
    const { stdout } = await new Deno.Command("ls", { args: ["/proc/self/fd"] }).output();
    const inherited = new TextDecoder().decode(stdout).trim().split("\n").map(Number);
    for (const end of pair) assert(!inherited.includes(end), `${end} of ${inherited}`);
  } finally {
    pair.forEach(closeFile);
  }
});
