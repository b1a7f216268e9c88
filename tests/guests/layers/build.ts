/** An image of layers with a kernel, made of the small guest: the guest's side of direct boot. */
import { smallGuest } from "../cache.ts";
import { pathOf } from "../lib/recipe.ts";
import { run } from "../lib/tools.ts";

/** Archives of an image, base first; not compressed. */
export interface LayeredGuest {
  base: string;
  top: string;
}

/**
 * Makes the archives in `directory`, which is empty. The base has the system, the kernel, the
 * initial RAM disk and `/etc/removed`; the top takes that away and brings `/etc/added`.
 */
export async function buildLayers(directory: string): Promise<LayeredGuest> {
  const guest = await smallGuest();
  const [system, early] = [`${directory}/system`, `${directory}/early`];
  await run("lz4", ["-dqf", guest.initrdPath, `${directory}/cpio`]);
  for (const tree of [system, early]) {
    await Deno.mkdir(tree);
    await run("cpio", ["-idm", "--quiet", "-F", `${directory}/cpio`], { cwd: tree });
  }
  // The same programs and drivers; only the first process is another.
  await Deno.copyFile(pathOf(new URL("init", import.meta.url)), `${early}/init`);
  await Deno.chmod(`${early}/init`, 0o755);
  await Deno.mkdir(`${system}/boot`);
  const names = (await run("find", [".", "-print0"], { cwd: early })).split("\0").sort().join("\0");
  await run(
    "cpio",
    ["--null", "-o", "--quiet", "--format=newc", "-F", `${system}/boot/initrd.img-test`],
    { cwd: early, input: `${names.replace(/^\0/, "")}\0` },
  );
  await Deno.copyFile(guest.kernelPath, `${system}/boot/vmlinuz-test`);
  await Deno.writeTextFile(`${system}/etc/removed`, "of the base\n");
  const top = `${directory}/top`;
  await Deno.mkdir(`${top}/etc`, { recursive: true });
  await Deno.writeTextFile(`${top}/etc/.wh.removed`, "");
  await Deno.writeTextFile(`${top}/etc/added`, "of the top\n");
  for (const tree of ["system", "top"]) {
    const owner = ["--owner=0:0", "--group=0:0", "--numeric-owner"];
    await run("tar", [...owner, "-cf", `${directory}/${tree}.tar`, "."], {
      cwd: `${directory}/${tree}`,
    });
  }
  return { base: `${directory}/system.tar`, top: `${directory}/top.tar` };
}
