import assert from "node:assert/strict";
import { closeFile } from "../../../native/libc.ts";
import { datagramPair } from "../../../native/socketpair.ts";
import { ownNetwork } from "../../support/own_network.ts";
import { waitFor } from "../../support/wait_for.ts";
import {
  aMoment,
  cards,
  guestOf,
  noFrames,
  plug,
  type RunningHelper,
  startHelper,
} from "./testing.ts";
import { BROADCAST, note } from "./testing_frames.ts";

const ignore = noFrames() !== undefined;
const MAC = "02:00:00:00:00:0a";
const range = (last: number) => [
  ...["--start-address", "10.0.7.1", "--end-address", `10.0.7.${last}`],
  ...["--subnet-mask", "255.255.255.0"],
];

/** Sets O_NONBLOCK. */
function stopWaiting(fd: number): void {
  const libc = Deno.dlopen("libc.so.6", {
    ioctl: { parameters: ["i32", "u64", "buffer"], result: "i32" },
  });
  const FIONBIO = 0x5421n;
  libc.symbols.ioctl(fd, FIONBIO, Int32Array.of(1));
  libc.close();
}

/** Still there, and without a word, after it has had time for one. */
async function isSilent(helper: RunningHelper): Promise<void> {
  await helper.says("running as uid");
  await aMoment();
  await aMoment();
  assert.deepEqual([helper.alive(), helper.stdout()], [true, ""]);
}

Deno.test({
  name: "the network is there as long as a helper is, and a killed one leaves no card",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await using a = await plug(network);
    await using b = await plug(network);
    assert.deepEqual(await cards(network), ["bridge100", "vmenet0", "vmenet1"]);
    a.helper.signal("SIGKILL");
    await a.helper.exit;
    assert.deepEqual(await cards(network), ["bridge100", "vmenet1"]);
    b.helper.signal("SIGINT");
    assert.equal(await b.helper.exit, 0);
    assert.deepEqual(await cards(network), []);
  },
});

Deno.test({
  name: "a network whose last helper was killed is not in the way of the next one",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await using a = await plug(network, range(9));
    a.helper.signal("SIGKILL");
    await a.helper.exit;
    await using b = await plug(network, ["--operation-mode", "host", ...range(9)]);
    assert.equal(b.ready.vmnet_start_address, "10.0.7.1");
  },
});

Deno.test({
  name: "two that start at once share one network",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    const started = await Promise.all([1, 2, 3].map(() => plug(network)));
    try {
      assert.deepEqual(await cards(network), ["bridge100", "vmenet0", "vmenet1", "vmenet2"]);
    } finally {
      for (const plugged of started) await plugged[Symbol.asyncDispose]();
    }
  },
});

Deno.test({
  name: "a network that is in another's way never comes, and only SIGKILL ends the wait",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await using _first = await plug(network, range(9));
    await using mode = startHelper(network, ["--fd=0", "--operation-mode=host", ...range(9)]);
    await using overlap = startHelper(network, ["--fd=0", ...range(10)]);
    await using fails = startHelper(network, ["--fd=0", ...range(10)], {
      env: { STAND_IN_VMNET_CONFLICT: "fail" },
    });
    assert.equal(await fails.exit, 1);
    assert.match(fails.stderr(), /^ERROR \[main\] vmnet_start_interface: \(unknown status\)$/m);
    await isSilent(mode);
    mode.signal("SIGTERM");
    await isSilent(overlap);
    assert.equal(mode.alive(), true);
    mode.signal("SIGKILL");
    assert.equal(await mode.exit, "SIGKILL");
    assert.deepEqual(await cards(network), ["bridge100", "vmenet0"]);
  },
});

Deno.test({
  name: "nothing is noticed of a guest that is gone, whatever is sent to it",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await using a = await plug(network);
    await using b = await plug(network);
    a.guest[Symbol.dispose]();
    b.guest.send(note(BROADCAST, MAC, "anybody?"));
    await a.helper.says("WARN  [host->vm] write: Connection refused");
    b.guest.send(note(BROADCAST, MAC, "nobody?"));
    await aMoment();
    assert.equal(a.helper.alive(), true);
    a.helper.signal("SIGTERM");
    assert.equal(await a.helper.exit, 0);
  },
});

Deno.test({
  name: "a socket that ends, is none, or does not wait ends the helper after its line",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await using closed = startHelper(network, ["--fd", "0"]);
    await using none = startHelper(network, ["--fd", "77"]);
    const [ours, theirs] = datagramPair();
    using guest = guestOf(ours);
    await using restless = startHelper(network, ["--fd", "3"], { inherit: [theirs] });
    // Deno hands a descriptor over as one that waits; it is the open file that is changed.
    stopWaiting(theirs);
    closeFile(theirs);
    await Promise.all([closed.ready(), none.ready(), restless.ready()]);
    assert.deepEqual(await Promise.all([closed.exit, none.exit, restless.exit]), [0, 1, 1]);
    assert.match(closed.stderr(), /^INFO {2}\[vm->host\] socket was closed by peer$/m);
    assert.match(none.stderr(), /^ERROR \[vm->host\] read: Bad file descriptor$/m);
    assert.match(restless.stderr(), /^ERROR \[vm->host\] read: Resource temporarily unavailable$/m);
    assert.deepEqual(await cards(network), []);
    assert.deepEqual(guest.all(), []);
  },
});

Deno.test({
  name: "what is too short for a frame ends the helper; a guest that reads nothing does not",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await using a = await plug(network);
    await using b = await plug(network);
    for (let i = 0; i < 2_000; i++) {
      a.guest.send(note(BROADCAST, MAC, "x".repeat(1500)));
      // Without a pause this process' own buffer would be full.
      if (i % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    }
    a.guest.send(new TextEncoder().encode("VFKT"));
    assert.equal(await a.helper.exit, 1);
    assert.match(a.helper.stderr(), /^ERROR \[vm->host\] vmnet_write: VMNET_INVALID_ARGUMENT$/m);
    b.helper.signal("SIGTERM");
    assert.equal(await b.helper.exit, 0);
  },
});

Deno.test({
  name: "before 0.13 a stalled guest keeps it from ending",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    const stalled = { STAND_IN_VMNET_STALL: "1" };
    await using now = await plug(network, [], stalled);
    await using before = await plug(network, [], { ...stalled, STAND_IN_VMNET_VERSION: "0.12.0" });
    for (const { helper } of [now, before]) {
      await waitFor("forwarding", () => helper.stderr().includes("started vm forwarding"));
      helper.signal("SIGTERM");
    }
    assert.equal(await now.helper.exit, 0);
    await before.helper.says("received signal Terminated: 15");
    await aMoment();
    assert.equal(before.helper.alive(), true);
  },
});
