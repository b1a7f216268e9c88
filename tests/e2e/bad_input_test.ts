/** Commands that must be refused: what they say, and that nothing half made is left. */
import assert from "node:assert/strict";
import { smallGuest } from "../guests/cache.ts";
import { cocoonOk } from "../support/cocoon.ts";
import { directBoot, list, remains } from "../support/machines.ts";
import { assertRefused } from "../support/refusals.ts";
import { type TempHome, tempHome } from "../support/temp_home.ts";

const HELP = 'hint: Run "cocoon vm create --help" for its arguments and flags.\n';

Deno.test("vm create refuses wrong names, sizes, files and flags", async () => {
  await using home = await tempHome();
  const guest = await smallGuest();
  const boot = directBoot(guest);
  await cocoonOk(home, ["vm", "create", "--name", "web", ...boot]);
  const create = (...args: string[]) => ["vm", "create", "--name", "new", ...args];
  const file = async (name: string, text: string) => {
    const path = `${home.path}/cache/${name}`;
    await Deno.writeTextFile(path, text);
    return path;
  };
  const notKernel = await file("notes", "not a kernel\n");
  const html = await file("page.qcow2", "<!DOCTYPE html><html><body>404</body></html>\n");
  const badUserData = await file("user-data", "#cloud-config\nruncmd: [\n");

  await assertRefused(home, {
    args: ["vm", "create", "--name", "web", ...boot],
    code: 4,
    stderr: 'cocoon: machine "web" exists already\n' +
      "hint: Choose another --name, start it (cocoon vm start web), or remove it " +
      "(cocoon vm rm web).\n",
  });
  for (
    const [name, why] of [
      ["Web", "it has upper-case letters"],
      ["localhost", "it would be the guest's own loopback name"],
    ]
  ) {
    await assertRefused(home, {
      args: ["vm", "create", "--name", name ?? "", ...boot],
      code: 2,
      stderr: `cocoon: --name: machine name "${name}": ${why}\n${HELP}`,
    });
  }
  for (const name of ["-x", "a b", "a/b", "ä", "x".repeat(64), "..", "a\nb"]) {
    await assertRefused(home, {
      args: ["vm", "create", ...(name === "-x" ? ["--name=-x"] : ["--name", name]), ...boot],
      code: 2,
      stderr: /^cocoon: --name: machine name /,
    });
  }
  await assertRefused(home, {
    args: create("--kernel", guest.kernelPath, "--memory", "4096T"),
    code: 2,
    stderr: /^cocoon: --memory 4096TiB: this computer has [\d.]+GiB in all\nhint: Give less/,
  });
  const { hardwareConcurrency: cpus } = navigator;
  await assertRefused(home, {
    args: create("--kernel", guest.kernelPath, "--memory", "1M", "--cpus", "10000"),
    code: 2,
    stderr: `cocoon: --cpus 10000: this computer has ${cpus}\n` +
      "cocoon: --memory 1MiB: less than 32MiB, with which no kernel starts\n" +
      `hint: Give at most ${cpus}.\nhint: Give it as in 512M or 2G.\n`,
  });
  await assertRefused(home, {
    args: create("--kernel", "/nowhere/kernel"),
    code: 3,
    stderr: "cocoon: kernel /nowhere/kernel: no such file\n",
  });
  await assertRefused(home, {
    args: create("--kernel", notKernel),
    code: 2,
    stderr: `cocoon: kernel ${notKernel}: not a Linux kernel that cocoon knows\n` +
      "hint: Give a vmlinuz or Image file of a Linux kernel.\n",
  });
  await assertRefused(home, {
    args: create("--kernel", guest.kernelPath, "--initrd", "/nowhere/initrd"),
    code: 3,
    stderr: "cocoon: --initrd /nowhere/initrd: no such file\n",
  });
  await assertRefused(home, {
    args: ["vm", "run", "--name", "new", "nosuch"],
    code: 3,
    stderr: /^cocoon: image "nosuch": not found\nhint: `cocoon image search` shows what is known/,
  });
  await assertRefused(home, {
    args: ["vm", "run", "--name", "new", html],
    code: 1,
    stderr: /cocoon: image "\S+page\.qcow2": it is a web page \(HTML\), no disk image\nhint: /,
  });
  await assertRefused(home, {
    args: ["vm", "run"],
    code: 2,
    stderr: "cocoon: no IMAGE is given\n" +
      "hint: Name an image, a file or a URL; or boot a kernel directly with --kernel.\n",
  });
  await assertRefused(home, {
    args: create(...boot, "--user-data", badUserData),
    code: 2,
    stderr: /user-data:3:1: .*not valid YAML/,
  });
  await assertRefused(home, {
    args: create(...boot, "--publish", "99999:80"),
    code: 2,
    stderr: "cocoon: --publish: expected [ADDRESS:]PORT:GUESTPORT[/udp] with ports from 1 to " +
      `65535, as in 8080:80, got "99999:80"\n${HELP}`,
  });
  // Reports each wrong part once, not the first one only.
  await assertRefused(home, {
    args: create(...boot, "--backend", "qenu"),
    code: 2,
    stderr: /^cocoon: unknown backend "qenu" \(did you mean "qemu"\?\)\nhint: Choose one of: /,
  });
  assert.deepEqual((await list(home)).map(({ name }) => name), ["web"]);
  await cocoonOk(home, ["vm", "rm", "web"]);
  assert.deepEqual(remains(home), []);
});

Deno.test("vm run refuses a disk smaller than its image, and keeps the image", async () => {
  await using home = await tempHome();
  const { qcow2Path } = await smallGuest();
  await cocoonOk(home, ["image", "import", "small", qcow2Path]);
  await assertRefused(home, {
    args: ["vm", "run", "--name", "new", "--disk", "32M", "small"],
    code: 2,
    stderr: "cocoon: --disk 32MiB: smaller than the image (64MiB); a disk is never cut\n" +
      "hint: Leave --disk out, or give at least 64MiB.\n",
  });
  const { stdout } = await cocoonOk(home, ["image", "list", "-o", "json"]);
  assert.equal(JSON.parse(stdout).length, 1);
});

/** Runs `create` with a configuration, and expects this of standard error. */
async function refusedConfig(home: TempHome, toml: string, code: number, stderr: string | RegExp) {
  await Deno.writeTextFile(`${home.path}/config.toml`, toml);
  const { kernelPath } = await smallGuest();
  const args = ["vm", "create", "--name", "new", "--kernel", kernelPath];
  await assertRefused(home, { args, code, stderr });
}

Deno.test("mistakes in the configuration are told with their place", async () => {
  await using home = await tempHome();
  const path = `${home.path}/config.toml`;
  await refusedConfig(
    home,
    "[defaults\ncpus = 1\n",
    2,
    `${path}:1:10: not TOML: illegal character in key\n` +
      "1:  [defaults\n             ^\n2:  cpus = 1\n" +
      "hint: The name of a table stands in brackets: [defaults]\n",
  );
  await refusedConfig(
    home,
    '[defaults]\ncpu = 1\nmemory = "2Q"\n',
    2,
    `${path}:2:1: defaults.cpu: unknown key (did you mean "cpus"?)\n` +
      `${path}:3:10: defaults.memory: expected a size such as 512M, 2G or 1.5GiB, got "2Q"\n`,
  );
  await refusedConfig(
    home,
    '[backends.qemu]\nacelerator = "tcg"\n',
    2,
    `${path}:2:1: backends.qemu.acelerator: unknown key (did you mean "accelerator"?)\n`,
  );
  await refusedConfig(
    home,
    '# A comment.\nbackend = "qenu"\n',
    2,
    new RegExp(`^${path}:2:11: unknown backend "qenu" \\(did you mean "qemu"\\?\\)\nhint: Choose`),
  );
  await refusedConfig(
    home,
    'network = "lan"\n[networks.lan]\nprovider = "nope"\n',
    2,
    new RegExp(
      `^${path}:3:12: unknown network provider "nope" \\(did you mean "none"\\?\\)\nhint: Choose`,
    ),
  );
});

Deno.test("plugins that are missing, throw or have the wrong shape are told apart", async () => {
  await using home = await tempHome();
  await cocoonOk(home, ["vm", "list"]);
  const plugin = `${home.path}/cache/mine.ts`;
  const toml = `backend = "mine"\n[plugins.mine]\nkind = "backend"\npath = "${plugin}"\n`;
  const place = `${home.path}/config.toml:1:11`;
  const about = `${place}: plugin "mine" (${plugin}): `;
  await refusedConfig(
    home,
    toml,
    3,
    `${about}the file does not exist\nhint: Correct the path in [plugins.mine].\n`,
  );
  await Deno.writeTextFile(plugin, 'throw new Error("boom");\n');
  await refusedConfig(
    home,
    toml,
    1,
    `${about}cannot be loaded: boom\nhint: Mend the plugin; see docs/plugins.md.\n`,
  );
  await Deno.writeTextFile(plugin, "export const x = = 1;\n");
  await refusedConfig(home, toml, 1, /: cannot be loaded: .*SyntaxError/);
  await Deno.writeTextFile(plugin, 'export default { kind: "backend", name: "mine" };\n');
  await refusedConfig(
    home,
    toml,
    2,
    /: not a backend:\n {2}`summary` must be a text, but is missing\n[^]*`plan` must be a function/,
  );
});
