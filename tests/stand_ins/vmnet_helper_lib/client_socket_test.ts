import assert from "node:assert/strict";
import { ownNetwork } from "../../support/own_network.ts";
import { waitFor } from "../../support/wait_for.ts";
import {
  bindUnix,
  connectUnix,
  datagramSocket,
  sendDatagram,
  setCloseOnExec,
} from "../vfkit_lib/libc.ts";
import { list, withFolder } from "../vfkit_lib/testing.ts";
import { aMoment, cards, guestOf, noFrames, plug, startHelper } from "./testing.ts";
import { arpRequest, BROADCAST, note, readArpReply, readNote } from "./testing_frames.ts";

const ignore = noFrames() !== undefined;
const [A, B] = ["02:00:00:00:00:0a", "02:00:00:00:00:0b"];

/** A socket with a name, connected to the helper's, as a hypervisor makes it. */
function client(own: string, helper: string): number {
  const fd = datagramSocket();
  setCloseOnExec(fd);
  bindUnix(fd, own);
  connectUnix(fd, helper);
  return fd;
}

const there = (path: string) => waitFor(path, () => Deno.lstatSync(path), { intervalMs: 5 });

Deno.test({
  name: "--socket comes after the line, serves the first client, and swallows its greeting",
  ignore,
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/net`;
      await Deno.writeTextFile(path, "stale");
      await using network = await ownNetwork();
      await using beside = await plug(network);
      await using helper = startHelper(network, ["--socket", path], {
        env: { STAND_IN_VMNET_SOCKET_DELAY_MS: "300" },
      });
      await helper.ready();
      assert.equal(Deno.lstatSync(path).isFile, true, "the line came first");
      await helper.says(`waiting for client on "${path}"`);
      const stat = await there(path);
      assert.deepEqual([stat.isSocket, (stat.mode ?? 0) & 0o777], [true, 0o600]);
      assert.deepEqual(list(folder), ["net", "net.lock"]);

      const fd = client(`${folder}/first`, path);
      using guest = guestOf(fd);
      sendDatagram(fd, "VFKT");
      await helper.says(`serving client "${folder}/first"`);
      guest.send(arpRequest(A, "192.168.64.77", "192.168.64.1"));
      await guest.gets("the gateway's MAC", readArpReply);
      beside.guest.send(note(BROADCAST, B, "to all"));
      assert.equal(await guest.gets("a note", readNote), "to all");

      assert.throws(() => client(`${folder}/second`, path), "bound to the first one");
      guest[Symbol.dispose]();
      await aMoment();
      assert.equal(helper.alive(), true);
      helper.signal("SIGTERM");
      assert.equal(await helper.exit, 0);
      assert.deepEqual(list(folder), ["first", "second"]);
    }),
});

Deno.test({
  name: "a first datagram that is long enough is a frame",
  ignore,
  fn: () =>
    withFolder(async (folder) => {
      await using network = await ownNetwork();
      await using beside = await plug(network);
      await using helper = startHelper(network, ["-s", `${folder}/net`]);
      await there(`${folder}/net`);
      using guest = guestOf(client(`${folder}/own`, `${folder}/net`));
      guest.send(note(BROADCAST, A, "x".repeat(50)));
      assert.equal(await beside.guest.gets("the frame", readNote), "x".repeat(50));
      helper.signal("SIGKILL");
      await helper.exit;
      assert.deepEqual(list(folder), ["net", "net.lock", "own"], "a killed one leaves them");
    }),
});

Deno.test({
  name: "a second helper on a socket prints its line and fails; signals wait for the socket",
  ignore,
  fn: () =>
    withFolder(async (folder) => {
      const path = `${folder}/net`;
      await using network = await ownNetwork();
      await using first = startHelper(network, ["--socket", path]);
      await there(path);
      await using second = startHelper(network, ["--socket", path]);
      await second.ready();
      assert.equal(await second.exit, 1);
      assert.ok(
        second.stderr().includes(
          `ERROR [main] open("${path}.lock"): Resource temporarily unavailable\n`,
        ),
        second.stderr(),
      );
      assert.deepEqual(list(folder), ["net", "net.lock"]);
      first.signal("SIGTERM");
      assert.equal(await first.exit, 0);
      assert.deepEqual([list(folder), await cards(network)], [[], []]);

      await using late = startHelper(network, ["--socket", path]);
      await late.ready();
      late.signal("SIGTERM");
      assert.equal(await late.exit, 0);
      assert.match(late.stderr(), /waiting for client .*\n.* received signal Terminated: 15\n/);
      await using nowhere = startHelper(network, ["--socket", `${folder}/no/net`]);
      assert.equal(await nowhere.exit, 1);
      assert.match(nowhere.stderr(), /^ERROR \[main\] open\(".*no\/net\.lock"\): No such file/m);
    }),
});
