/** Removing is what one does about a full disk, so it must work on one. */
import assert from "node:assert/strict";
import { openHome } from "../state/home.ts";
import { reservePathOf } from "../state/reserve.ts";
import { openStore } from "../state/store.ts";
import { exampleRecord } from "../state/testing.ts";
import { runFake } from "../tests/support/fake_outside.ts";
import { fillDisk, withFileSystem, withSmallDisk } from "../tests/support/file_system.ts";

const MIB = 1024 * 1024;
/** An import leaves 64 MiB to machines that run. */
const DISK_BYTES = 96 * MIB;
const ID = "0123456789ab";

const COMMANDS = [
  ["vm", "list"],
  ["image", "list"],
  ["vm", "rm", "web"],
  ["image", "rm", "small"],
  ["gc"],
];

/** A home with a machine and an image, and the reserve that every command keeps. */
async function prepare(root: string): Promise<void> {
  const home = openHome(root);
  const disk = new Uint8Array(65_536);
  disk.set([0x55, 0xaa], 510);
  await ok(root, ["image", "import", "small"], new TextDecoder("latin1").decode(disk));
  using store = openStore(home);
  if (store.machines.get(ID) !== undefined) return;
  store.machines.insert(exampleRecord({ id: ID }));
  await Deno.mkdir(home.machineDir(ID), { recursive: true });
  await Deno.writeTextFile(`${home.machineDir(ID)}/root.raw`, "x".repeat(10_000));
  assert.equal((await Deno.stat(reservePathOf(home.databasePath))).size, MIB);
}

async function ok(root: string, argv: string[], stdin = ""): Promise<string> {
  const { code, stdout, stderr } = await runFake(argv, {
    stdin,
    env: { COCOON_HOME: root, HOME: root },
  });
  assert.equal(code, 0, `cocoon ${argv.join(" ")}: ${stderr}`);
  return stdout;
}

async function everyCommandWorks(folder: string): Promise<void> {
  const root = `${folder}/h`;
  for (const argv of COMMANDS) {
    for (const openElsewhere of [false, true]) {
      await prepare(root);
      // A supervisor has the database open: then its log is there, and has no room to grow.
      using _store = openElsewhere ? openStore(openHome(root)) : undefined;
      fillDisk(`${folder}/filler`);
      await ok(root, argv);
      Deno.removeSync(`${folder}/filler`);
    }
  }
  await prepare(root);
  fillDisk(`${folder}/filler`);
  // One after the other, as one would: what the reserve gave is enough for all of them.
  for (const argv of COMMANDS) await ok(root, argv);
  assert.equal(await ok(root, ["vm", "list", "-o", "json"]), "[]\n");
  assert.equal(await ok(root, ["image", "list", "-o", "json"]), "[]\n");
  Deno.removeSync(`${folder}/filler`);
  await ok(root, ["vm", "list"]);
  assert.equal((await Deno.stat(reservePathOf(openHome(root).databasePath))).size, MIB);
}

Deno.test({
  name: "list, rm and gc work on a disk in memory that has no byte left",
  ignore: Deno.build.os !== "linux",
  fn: () => withSmallDisk(DISK_BYTES, everyCommandWorks),
});

Deno.test({
  name: "list, rm and gc work on an ext4 that has no byte left",
  ignore: Deno.build.os !== "linux",
  fn: () => withFileSystem("ext4", everyCommandWorks, DISK_BYTES),
});
