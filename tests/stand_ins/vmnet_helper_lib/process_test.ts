import assert from "node:assert/strict";
import { ownNetwork } from "../../support/own_network.ts";
import { usage } from "./option_table.ts";
import { noFrames, plug, type RunningHelper, startHelper } from "./testing.ts";
import { release } from "./versions.ts";

const ignore = noFrames() !== undefined;
const VERSION = /^version: v0\.13\.0\ncommit: [\da-f]{40}\n$/;

/** How it ended: status, standard output, standard error. */
async function ended(helper: RunningHelper): Promise<[number | string, string, string]> {
  return [await helper.exit, helper.stdout(), helper.stderr()];
}

Deno.test("what only tells something ends with status 0", async () => {
  await using version = startHelper(undefined, ["--version", "--nonsense"]);
  await using old = startHelper(undefined, ["--version"], {
    env: { STAND_IN_VMNET_VERSION: "0.6.0" },
  });
  await using help = startHelper(undefined, ["-h"]);
  await using list = startHelper(undefined, ["--list-shared-interfaces"], {
    env: { STAND_IN_VMNET_INTERFACES: "en0,en1", STAND_IN_VMNET_ROOT: "0" },
  });
  const [code, stdout, stderr] = await ended(version);
  assert.deepEqual([code, stderr], [0, ""]);
  assert.match(stdout, VERSION);
  assert.deepEqual(await ended(old), [0, "v0.6.0\n", ""]);
  assert.deepEqual(await ended(help), [0, "", usage(release())]);
  assert.deepEqual(await ended(list), [0, "en0\nen1\n", ""]);
});

Deno.test("what is wrong ends with status 1 and nothing on standard output", async () => {
  const env = { STAND_IN_VMNET_ROOT: "0" };
  const mac26 = { VZ_MACOS: "26" };
  const vmnet = "ERROR [main] vmnet_start_interface: VMNET_FAILURE\n";
  const cases: [args: string[], env: Record<string, string>, end: string][] = [
    [["--fd", "x"], {}, `ERROR Invalid fd 'x': Invalid argument\n${usage(release())}`],
    [["--fb"], {}, "ERROR Invalid option: --fb\n"],
    [["--fd", "0"], env, vmnet],
    [["--fd", "0"], { ...env, ...mac26, STAND_IN_VMNET_VERSION: "0.8.0" }, vmnet],
    [
      ["--fd", "0", "--network", "shared"],
      {},
      "ERROR [main] --network requires macOS 26 or later\n",
    ],
    [
      ["--fd", "0", "--network", "shared"],
      mac26,
      'ERROR [main] failed to acquire network "shared": Failed to send XPC message to broker\n',
    ],
    [
      ["--fd", "0", "--network", "lan"],
      { ...mac26, STAND_IN_VMNET_BROKER: "shared,host" },
      'ERROR [main] failed to acquire network "lan": Network name not found\n',
    ],
    [
      [..."--fd 0 --start-address 8.8.8.1 --end-address 8.8.8.9".split(" "), "--subnet-mask=255.0"],
      {},
      "ERROR [main] vmnet_start_interface: VMNET_INVALID_ARGUMENT\n",
    ],
    [
      ["--fd", "0"],
      { STAND_IN_VMNET_START: "busy" },
      "ERROR [main] vmnet_start_interface: (unknown status)\n",
    ],
  ];
  await Promise.all(cases.map(async ([args, env, end]) => {
    await using helper = startHelper(undefined, args, { env });
    const [code, stdout, stderr] = await ended(helper);
    assert.deepEqual([code, stdout], [1, ""], stderr);
    assert.ok(stderr.endsWith(end), stderr);
  }));
});

Deno.test("a wrong option of its own, and this computer's network, are the stand-in's errors", async () => {
  await using option = startHelper(undefined, ["--version"], { env: { VZ_MACOS: "x" } });
  await using network = startHelper(undefined, ["--fd", "0"]);
  assert.deepEqual(await ended(option), [
    99,
    "",
    'stand-in: VZ_MACOS="x": must be a whole number\n',
  ]);
  const [code, stdout, stderr] = await ended(network);
  assert.deepEqual([code, stdout], [99, ""]);
  assert.match(stderr, /\nstand-in: needs root, and a network namespace of its own /);
});

Deno.test({
  name: "the log has the real one's lines in their order",
  ignore,
  async fn() {
    await using network = await ownNetwork();
    await using plugged = await plug(network, [], { SUDO_UID: "501", SUDO_GID: "20" });
    const { helper } = plugged;
    await helper.says("[main] running\n");
    helper.signal("SIGTERM");
    assert.equal(await helper.exit, 0);
    assert.match(
      helper.stderr(),
      /^INFO {2}\[main\] running \/.*\/vmnet-helper v0\.13\.0 on macOS 15/,
    );
    assert.deepEqual(helper.stderr().split("\n").slice(1), [
      "INFO  [main] running as uid: 0 gid: 0",
      "INFO  [main] using bulk_forwarding: true",
      "INFO  [main] started vmnet interface",
      "INFO  [main] dropped privileges to uid: 501 gid: 20",
      "INFO  [main] started host forwarding",
      "INFO  [main] started vm forwarding",
      "INFO  [main] running",
      "INFO  [main] received signal Terminated: 15",
      "INFO  [main] stopped vmnet interface",
      "",
    ]);
    assert.equal(helper.stdout(), helper.line());
  },
});
