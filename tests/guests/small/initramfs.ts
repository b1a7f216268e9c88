import { CocoonError } from "../../../errors/error.ts";
import { pathOf } from "../lib/recipe.ts";
import { run } from "../lib/tools.ts";
import { copyModules } from "./modules.ts";

/** Programs beside busybox, which is static: where they are in their package, where in the guest. */
const PROGRAMS: readonly (readonly [string, string])[] = [
  ["usr/sbin/dropbear", "usr/sbin/dropbear"],
  ["usr/bin/dropbearconvert", "usr/bin/dropbearconvert"],
  ["usr/bin/dropbearkey", "usr/bin/dropbearkey"],
  // `scp -O` runs the guest's scp; scp of today and sftp run the server where dropbear looks for it.
  ["usr/bin/scp", "usr/bin/scp"],
  ["usr/lib/openssh/sftp-server", "usr/lib/sftp-server"],
];

/** Everything of our own that is run, below `rootfs/`; git need not keep the mode. */
const EXECUTABLE = /^(init$|usr\/bin\/|usr\/lib\/small\/(dhcp|stop|power-key)$|etc\/acpi\/)/;

/**
 * Puts the initramfs together from unpacked packages and our own `rootfs/` and packs it.
 *
 * @param packages where the packages were unpacked to
 * @param tree an empty directory to build in
 * @param initrd the file to make
 */
export async function buildInitramfs(
  packages: string,
  tree: string,
  initrd: string,
): Promise<void> {
  for (const folder of ["bin", "usr/sbin"]) {
    await Deno.mkdir(`${tree}/${folder}`, { recursive: true });
  }
  const own = pathOf(new URL("rootfs/", import.meta.url));
  await run("cp", ["-r", `${own}.`, tree]);
  for (const path of await filesBelow(own)) {
    await Deno.chmod(`${tree}/${path}`, EXECUTABLE.test(path) ? 0o755 : 0o644);
  }
  for (const name of ["halt", "reboot", "shutdown"]) {
    await Deno.symlink("poweroff", `${tree}/usr/bin/${name}`);
  }
  await Deno.chmod(`${tree}/etc/shadow`, 0o600);
  await Deno.copyFile(`${packages}/bin/busybox`, `${tree}/bin/busybox`);
  // So that `su`, which our `sudo` uses, can become root.
  await Deno.chmod(`${tree}/bin/busybox`, 0o4755);
  const libraries = await libraryPaths(packages);
  for (const [from, to] of PROGRAMS) {
    await Deno.copyFile(`${packages}/${from}`, `${tree}/${to}`);
    await copyLibraries(`${packages}/${from}`, packages, tree, libraries);
  }
  await copyModules(packages, tree);
  const names = (await run("find", [".", "-print0"], { cwd: tree })).split("\0").sort().join("\0");
  const archive = `${initrd}.cpio`;
  await run(
    "cpio",
    [
      "--null",
      "--create",
      "--quiet",
      "--format=newc",
      "--owner=0:0",
      "--reproducible",
      "-F",
      archive,
    ],
    { cwd: tree, input: names.replace(/^\0/, "") + "\0" },
  );
  // The kernel reads the older of lz4's formats, the quickest to unpack under emulation.
  await run("lz4", ["-l", "-9", "-q", "-f", archive, initrd]);
  await Deno.remove(archive);
}

async function filesBelow(dir: string): Promise<string[]> {
  const text = await run("find", [".", "-type", "f", "-print0"], { cwd: dir });
  return text.split("\0").filter((path) => path !== "").map((path) => path.replace(/^\.\//, ""));
}

/** Shared libraries of the packages by their name; a path is relative to the packages' root. */
async function libraryPaths(packages: string): Promise<Map<string, string>> {
  const found = await run("find", ["lib", "usr/lib", "-name", "*.so*", "-path", "*-linux-gnu*"], {
    cwd: packages,
  });
  const paths = new Map<string, string>();
  for (const path of found.split("\n")) paths.set(path.slice(path.lastIndexOf("/") + 1), path);
  return paths;
}

/** Copies what a program needs to start: its loader, its libraries and theirs. */
async function copyLibraries(
  file: string,
  packages: string,
  tree: string,
  libraries: ReadonlyMap<string, string>,
): Promise<void> {
  const headers = await run("readelf", ["-d", "-l", "-W", file]);
  const loader = /interpreter: \/([^\]]+)\]/.exec(headers)?.[1];
  if (loader !== undefined) {
    // Where the package has a link to it, the link points out of the tree.
    const path = libraries.get(loader.slice(loader.lastIndexOf("/") + 1));
    if (path === undefined) throw new CocoonError("failed", `loader ${loader}: no package has it`);
    await copyOnce(`${packages}/${path}`, `${tree}/${loader}`);
  }
  for (const [, name] of headers.matchAll(/\(NEEDED\).*\[([^\]]+)\]/g)) {
    if (name === undefined || loader?.endsWith(`/${name}`)) continue;
    const path = libraries.get(name);
    if (path === undefined) throw new CocoonError("failed", `library ${name}: no package has it`);
    // All in one place that the loader searches by itself.
    const target = `${tree}/${path.replace(/^usr\//, "")}`;
    if (await copyOnce(`${packages}/${path}`, target)) {
      await copyLibraries(`${packages}/${path}`, packages, tree, libraries);
    }
  }
}

/** Copies a file (not a link to it) unless it is there. */
async function copyOnce(from: string, to: string): Promise<boolean> {
  try {
    await Deno.lstat(to);
    return false;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  await Deno.mkdir(to.slice(0, to.lastIndexOf("/")), { recursive: true });
  await Deno.copyFile(from, to);
  await Deno.chmod(to, 0o755);
  return true;
}
