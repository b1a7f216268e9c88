/** What `vm create` refuses before it makes or fetches anything. */
import assert from "node:assert/strict";
import { haltingBoot } from "../../tests/support/halting_kernel.ts";
import { runFake } from "../../tests/support/fake_outside.ts";

interface Create {
  /** A machine that boots a kernel directly. */
  (...args: string[]): Promise<string>;
  /** All arguments as they are. */
  bare(...args: string[]): Promise<string>;
  root: string;
}

/** Runs `vm create` for a home of its own; its result is `CODE STDERR`. */
async function withHome(body: (create: Create) => Promise<void>): Promise<void> {
  const root = await Deno.makeTempDir({ dir: "/tmp" });
  try {
    const boot = await haltingBoot(root);
    const env = { COCOON_HOME: `${root}/home`, HOME: root, NO_COLOR: "1" };
    const host = { architecture: Deno.build.arch };
    const bare = async (...args: string[]) => {
      const { code, stderr } = await runFake(["vm", "create", ...args], { env, host });
      return `${code} ${stderr}`;
    };
    const create = (...args: string[]) => bare("--name", "web", ...boot, ...args);
    await body(Object.assign(create, { bare, root }));
    for (const folder of ["vms", "images/sha256"]) {
      const path = `${root}/home/${folder}`;
      const names = await Array.fromAsync(Deno.readDir(path)).catch(() => []);
      assert.deepEqual(names, [], folder);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

Deno.test("vm create takes for an account what the configuration takes", async () => {
  await withHome(async (create) => {
    for (const user of [["--user", ""], ["--user=-x"], ["--user", "a b"], ["--user", "a:b"]]) {
      assert.match(await create(...user), /^2 cocoon: --user: expected a user name of /);
    }
    assert.match(await create("--password", ""), /^2 cocoon: --password: expected a password, got/);
    const twoLines = await create("--password", "secret\nroot:x");
    assert.match(twoLines, /^2 cocoon: --password: expected a password of one line/);
    assert.doesNotMatch(twoLines, /root:x/);
    assert.match(await create("--mac", "52:54"), /^2 cocoon: --mac: MAC address "52:54": not six/);
  });
});

Deno.test("vm create refuses two forwards of one port, and names both", async () => {
  await withHome(async (create) => {
    assert.equal(
      await create("-p", "8080:80", "-p", "8080:81"),
      "2 cocoon: --publish: 8080:80 and 8080:81 are the same port here\n" +
        "hint: Give each forward a port of its own, as in: -p 8080:80 -p 8081:81\n",
    );
    assert.match(
      await create("-p", "127.0.0.2:8080:80/udp", "-p", "0.0.0.0:8080:81/udp"),
      /^2 .*127\.0\.0\.2:8080:80\/udp and 0\.0\.0\.0:8080:81\/udp are the same port/,
    );
    // These pass that check; what they are refused for comes after it.
    const later = ["--storage", "nosuch"];
    for (const other of ["8080:80/udp", "127.0.0.2:8080:80", "8081:80"]) {
      assert.match(await create("-p", "8080:80", "-p", other, ...later), /unknown storage driver/);
    }
  });
});

Deno.test("vm create tells what is wrong with an amount of memory", async () => {
  await withHome(async ({ bare, root }) => {
    const create = (...args: string[]) => bare("--kernel", `${root}/halting-kernel`, ...args);
    assert.match(await create("--memory", "31.5M"), /--memory 32256KiB: less than 32MiB, with /);
    assert.match(await create("--memory", "64.5M"), /--memory 66048KiB: not a whole number of MiB/);
    assert.match(await create("--memory", "9G"), /--memory 9GiB: this computer has 8GiB in all/);
  });
});

Deno.test("vm create says why it cannot read a file", async () => {
  await withHome(async (create) => {
    const { root } = create;
    assert.match(await create("--ssh-key", "/no/key"), /^3 cocoon: --ssh-key \/no\/key: no such/);
    assert.match(await create("--ssh-key", root), /^2 cocoon: --ssh-key \S+: it is a folder\nhint/);
    assert.match(await create("--user-data", root), /^2 cocoon: user data \S+: it is a folder/);
  });
});

Deno.test("vm create warns of a hypervisor that is not here, and vm run refuses", async () => {
  await withHome(async ({ bare, root }) => {
    const boot = ["--kernel", `${root}/halting-kernel`, "--memory", "32M"];
    for (
      const [backend, line] of [["qemu", /hint: .*install/], ["vfkit", /hint: Choose another/]]
    ) {
      const made = await bare("--name", `with-${backend}`, "--backend", String(backend), ...boot);
      assert.match(made, new RegExp(`^0 warning: ${backend}: .*: the machine cannot be started`));
      assert.match(made, line instanceof RegExp ? line : /never/);
    }
    const env = { COCOON_HOME: `${root}/home`, HOME: root, NO_COLOR: "1" };
    const host = { architecture: Deno.build.arch };
    const run = await runFake(["run", "--name", "now", ...boot], { env, host });
    assert.match(`${run.code} ${run.stderr}`, /^5 cocoon: qemu: no program for [^]*\nhint: /);
    await Deno.remove(`${root}/home/vms`, { recursive: true });
  });
});

Deno.test("vm create refuses a kernel that the backend cannot boot", async () => {
  await withHome(async ({ bare, root }) => {
    const path = `${root}/initrd.img`;
    await Deno.writeFile(path, Uint8Array.of(0x02, 0x21, 0x4c, 0x18, 0, 0, 0, 0));
    assert.match(
      await bare("--architecture", "x86_64", "--memory", "64M", "--kernel", path),
      /^2 cocoon: kernel \S+initrd\.img: a file packed by lz4, which backend "qemu" does not boot/,
    );
  });
});

Deno.test("vm create refuses a storage driver before it looks at the image", async () => {
  await withHome(async (create) => {
    const refused = await create.bare("--backend", "vfkit", "--storage", "qcow2", "/no/image.raw");
    assert.match(
      refused,
      /^2 cocoon: storage driver "qcow2" makes qcow2 disks, but backend "vfkit"/,
    );
  });
});

Deno.test("vm create refuses a disk that is larger than its format", async () => {
  await withHome(async (create) => {
    const { root } = create;
    await Deno.writeFile(`${root}/disk.raw`, new Uint8Array(2 ** 20));
    const args = ["--name", "web", "--memory", "64M", "--disk", "8191T", "--storage", "qcow2"];
    const refused = await create.bare(...args, `${root}/disk.raw`);
    assert.match(
      refused,
      /^2 [^]*cocoon: --disk 8191TiB: storage driver "qcow2" makes disks of at most 2048TiB\nhint: /,
    );
    await Deno.remove(`${root}/home/images/sha256`, { recursive: true });
  });
});
