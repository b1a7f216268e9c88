/** An installation CD: booted from an empty disk, and no more once something is on the disk. */
import assert from "node:assert/strict";
import { smallGuest } from "../guests/cache.ts";
import { writeFat } from "../guests/lib/disk.ts";
import { run } from "../guests/lib/tools.ts";
import { cocoonOk, runCocoon } from "../support/cocoon.ts";
import {
  assertNothingLeft,
  inspect,
  type MachineJson,
  ssh,
  WAIT_SSH,
} from "../support/machines.ts";
import { tempHome } from "../support/temp_home.ts";

const MIB = 1024 ** 2;
const LOADER = "EFI/BOOT/BOOTX64.EFI";

/**
 * Makes a CD as an installer's is: its boot entry for EFI (El Torito, UEFI 2.10 13.3.2.1) is a FAT
 * image with the guest's kernel, whose command line says that it comes from there.
 */
async function makeCd(path: string, rawPath: string, work: string): Promise<void> {
  await run("mcopy", ["-i", `${rawPath}@@1M`, `::${LOADER}`, `${work}/loader.efi`]);
  const loader = await Deno.readFile(`${work}/loader.efi`);
  const text = new TextDecoder("latin1").decode(loader);
  const at = text.indexOf("panic=5");
  assert.ok(at > 0 && text.indexOf("panic=5", at + 1) < 0, "one command line");
  loader.set(new TextEncoder().encode("panic=9"), at);
  await Deno.writeFile(`${work}/loader.efi`, loader);
  await Deno.mkdir(`${work}/cd`);
  const bytes = (Math.ceil(loader.length / MIB) + 1) * MIB;
  // The boot entry has 16 bits for its length in sectors of 512 bytes.
  assert.ok(bytes / 512 < 2 ** 16, `${bytes} bytes`);
  await writeFat(`${work}/cd/efi.img`, "INSTALL", bytes, { [LOADER]: `${work}/loader.efi` });
  await run("genisoimage", [
    ...["-quiet", "-J", "-R", "-V", "INSTALL", "-o", path],
    ...["-e", "efi.img", "-no-emul-boot", `${work}/cd`],
  ]);
}

const pathOf = ({ disks }: MachineJson, wanted: string) =>
  disks.find(({ role }) => role === wanted)?.path ?? assert.fail(`no disk ${wanted}`);

Deno.test({
  name: "a machine from a CD boots it until its disk can be booted; machines share the CD",
  // The guest is built for this architecture.
  ignore: Deno.build.arch !== "x86_64",
  fn: async () => {
    await using home = await tempHome();
    const work = await Deno.makeTempDir();
    try {
      const { rawPath } = await smallGuest();
      const path = `${work}/small-netinst.iso`;
      await makeCd(path, rawPath, work);
      const { size } = await Deno.stat(path);
      const flags = ["--memory", "256M", "--cpus", "1", "--disk", "80M"];
      const { stdout } = await cocoonOk(home, ["run", ...flags, path, ...WAIT_SSH]);
      assert.equal(stdout, "small-netinst\n");
      assert.match(await ssh(home, "small-netinst", "cat /proc/cmdline"), /panic=9/);
      assert.equal(await ssh(home, "small-netinst", "cat /sys/block/vda/size"), `${80 * 2048}\n`);

      const first = await inspect(home, "small-netinst");
      const digest = first.imageDigest ?? assert.fail("no image");
      assert.equal((await Deno.stat(pathOf(first, "cdrom"))).size, size);
      await cocoonOk(home, ["vm", "create", "--name", "other", ...flags, path]);
      const other = await inspect(home, "other");
      assert.equal(pathOf(other, "cdrom"), pathOf(first, "cdrom"));
      assert.notEqual(pathOf(other, "root"), pathOf(first, "root"));
      assert.equal((await Deno.stat(pathOf(other, "root"))).blocks, 0);
      const refused = await runCocoon(home, ["image", "rm", digest]);
      assert.equal(refused.code, 4);
      assert.match(refused.stderr, /in use by machines other, small-netinst|small-netinst, other/);

      // What an installer would have done.
      await cocoonOk(home, ["vm", "stop", "small-netinst", "--timeout", "60s"]);
      await run("dd", [
        ...[`if=${rawPath}`, `of=${pathOf(first, "root")}`],
        ...["bs=1M", "conv=notrunc,sparse", "status=none"],
      ]);
      await cocoonOk(home, ["vm", "start", "small-netinst", ...WAIT_SSH]);
      assert.match(await ssh(home, "small-netinst", "cat /proc/cmdline"), /panic=5/);

      await cocoonOk(home, ["vm", "rm", "--force", "small-netinst"]);
      await cocoonOk(home, ["gc"]);
      assert.ok((await Deno.stat(pathOf(other, "cdrom"))).isFile, "the other machine's");
      await cocoonOk(home, ["vm", "rm", "other"]);
      const images = JSON.parse((await cocoonOk(home, ["image", "list", "-o", "json"])).stdout);
      assert.deepEqual(images.map(({ kind }: { kind: string }) => kind), ["iso"]);
      await assertNothingLeft(home);
    } finally {
      await Deno.remove(work, { recursive: true });
    }
  },
});
