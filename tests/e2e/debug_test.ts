import assert from "node:assert/strict";
import { cocoonOk, runCocoon } from "../support/cocoon.ts";
import { list } from "../support/machines.ts";
import { type TempHome, tempHome } from "../support/temp_home.ts";

const SIZE = ["--memory", "128M", "--cpus", "1", "--disk", "64M"];

/** Everything below the home's folders of machines and keys. */
function made(home: TempHome): string[] {
  const names = (folder: string): string[] => {
    try {
      return [...Deno.readDirSync(`${home.path}/${folder}`)].map(({ name }) => name);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  };
  return ["vms", "run", "locks", "ssh", "images/sha256"].flatMap(names);
}

/** A plan without what is drawn by lot for each machine. */
function comparable(plan: string): string {
  return plan
    .replaceAll(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g, "UUID")
    .replaceAll(/\b[0-9a-f]{2}(:[0-9a-f]{2}){5}\b/g, "MAC")
    .replaceAll(/\/(vms|run)\/[a-z0-9]{12}\b/g, "/$1/ID");
}

Deno.test("vm debug shows the plan of a machine that is to be made, and makes nothing", async () => {
  await using home = await tempHome();
  const path = `${home.path}/small-disk.raw`;
  {
    using file = await Deno.create(path);
    await file.truncate(2 ** 20);
  }
  const debug = (...args: string[]) => runCocoon(home, ["vm", "debug", ...args]);

  const before = await debug(...SIZE, path);
  assert.equal(before.code, 3, before.stderr);
  assert.match(before.stderr, /not stored/);
  assert.match(before.stderr, /cocoon image import NAME \S+small-disk\.raw/);
  const url = await debug("http://127.0.0.1:1/x.raw");
  assert.equal(url.code, 3, url.stderr);
  assert.match(url.stderr, /not stored[^]*cocoon image pull http:/);
  const missing = await debug("./gone.raw");
  assert.match(missing.stderr, /gone\.raw": no such file/);
  const typo = await debug("no-such-thing");
  assert.equal(typo.code, 3, typo.stderr);
  assert.match(typo.stderr, /machine "no-such-thing" does not exist; image .* not found/);
  assert.deepEqual(made(home), []);

  // A file is remembered from two seconds after its last change on.
  await new Promise((resolve) => setTimeout(resolve, 2_100));
  await cocoonOk(home, ["image", "pull", "--name", "disk", path]);
  const stored = made(home);
  const shown = await cocoonOk(home, ["vm", "debug", "--name", "one", ...SIZE, "disk"]);
  assert.match(shown.stdout, /qemu-system-\S+ -name 'guest=one' .*\/root\.\w+/);
  // The file is known to be that image.
  const byFile = await cocoonOk(home, ["vm", "debug", "--name", "one", ...SIZE, path]);
  assert.equal(comparable(byFile.stdout), comparable(shown.stdout));
  assert.deepEqual(await list(home), []);
  assert.deepEqual(made(home), stored);

  await cocoonOk(home, ["vm", "create", "--name", "one", ...SIZE, "disk"]);
  const after = await cocoonOk(home, ["vm", "debug", "one"]);
  assert.equal(comparable(after.stdout), comparable(shown.stdout));
  // What comes before the program, pasted, makes what the program needs.
  const [prepare = ""] = after.stdout.split("\n# hypervisor\n");
  const pasted = await new Deno.Command("sh", { args: ["-ec", `${prepare}\n${prepare}`] }).output();
  assert.equal(pasted.code, 0, new TextDecoder().decode(pasted.stderr));
  const [id] = made(home).filter((name) => /^[a-z0-9]{12}$/.test(name));
  const store = await Deno.stat(`${home.path}/vms/${id}/efi-variables.fd`);
  assert.deepEqual([(store.mode ?? 0) & 0o777, store.size > 0], [0o600, true]);
  const taken = await debug("--name", "one", "disk");
  assert.equal(taken.code, 4, taken.stderr);
  const both = await debug("--cpus", "1", "one");
  assert.equal(both.code, 2, both.stderr);
  assert.match(both.stderr, /machine "one" exists/);
  await cocoonOk(home, ["vm", "rm", "one"]);
});
