import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import { realHost } from "../../host/host.ts";
import type { Host } from "../../plugins/contract.ts";
import { chooseAccelerator, prove } from "./accelerator.ts";
import type { Program } from "./program.ts";
import { type Accelerator, readSettings } from "./settings.ts";
import { fakeHost, withTempDir, writeScript } from "./testing/fake_host.ts";

const SETTINGS = readSettings({});

/**
 * A computer with a `/dev/kvm` that can be opened, a home, and a QEMU that behaves as the script
 * says. `runs()` counts how often it was started.
 */
async function withQemu(
  script: string,
  use: (given: {
    host: Host;
    program: Program;
    options: { kvmPath: string; proofTimeoutMs: number };
    runs(): number;
    directory: string;
  }) => Promise<void>,
): Promise<void> {
  await withTempDir(async (directory) => {
    const path = await writeScript(
      `${directory}/qemu`,
      `echo run >> ${directory}/runs\n${script}`,
    );
    await Deno.writeTextFile(`${directory}/kvm`, "");
    await use({
      directory,
      host: fakeHost({ env: (name) => name === "COCOON_HOME" ? directory : undefined }),
      program: { path, version: [7, 2, 0], sandbox: true },
      options: { kvmPath: `${directory}/kvm`, proofTimeoutMs: 5000 },
      runs: () => {
        try {
          return Deno.readTextFileSync(`${directory}/runs`).trim().split("\n").length;
        } catch {
          return 0;
        }
      },
    });
  });
}

Deno.test("prove() believes the real QEMU that runs its guest, on both architectures", async () => {
  for (const architecture of ["x86_64", "aarch64"] as const) {
    const path = realHost().which(`qemu-system-${architecture}`);
    assert.ok(path, "QEMU is installed");
    assert.deepEqual(await prove(realHost(), architecture, { path }, "tcg", 20_000), {
      usable: true,
      reason: "tcg ran a guest",
    });
  }
});

Deno.test("prove() kills a QEMU whose guest hangs, at the deadline", async () => {
  await withQemu(`echo $$ > "$(dirname "$0")/pid"; exec sleep 100`, async (given) => {
    const startMs = performance.now();
    const verdict = await prove(given.host, "x86_64", given.program, "kvm", 300);
    assert.ok(performance.now() - startMs < 3000);
    assert.equal(verdict.usable, false);
    assert.match(verdict.reason, /kvm ran no guest: .*no end within 300 ms; it was killed/);
    const pid = Deno.readTextFileSync(`${given.directory}/pid`).trim();
    assert.throws(() => Deno.kill(Number(pid), "SIGCONT"), "the process is gone");
  });
});

Deno.test("prove() does not believe an end with another status, and tells QEMU's words", async () => {
  await withQemu("echo 'failed to set MSR 0x10a' >&2; exit 134", async ({ host, program }) => {
    assert.deepEqual(await prove(host, "x86_64", program, "kvm", 5000), {
      usable: false,
      reason: "kvm ran no guest: failed to set MSR 0x10a",
    });
  });
  await withQemu("exit 0", async ({ host, program }) => {
    const verdict = await prove(host, "x86_64", program, "kvm", 5000);
    assert.deepEqual(verdict, { usable: false, reason: "kvm ran no guest: exit status 0" });
  });
});

Deno.test("prove() gives QEMU its guest and leaves no file behind", async () => {
  const script = `for word; do case "$word" in *filename=*) echo "$word"; esac; done >&2; exit 7`;
  await withQemu(script, async ({ host, program }) => {
    const { reason } = await prove(host, "x86_64", program, "kvm", 5000);
    const path = /filename=([^,]+)/.exec(reason)?.[1];
    assert.ok(path, reason);
    assert.equal(host.exists(path), false);
    assert.equal(host.exists(path.slice(0, path.lastIndexOf("/"))), false);
  });
});

Deno.test("chooseAccelerator() takes kvm after its guest ran, and proves it once", async () => {
  await withQemu("exit 43", async ({ host, program, options, runs }) => {
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await chooseAccelerator(host, "x86_64", program, SETTINGS, options), {
        accelerator: "kvm",
        reason: "kvm ran a guest",
      });
    }
    assert.equal(runs(), 1);
  });
});

Deno.test("chooseAccelerator() remembers that kvm does not work, and doubts it after a day", async () => {
  await withQemu("exit 1", async ({ host, program, options, runs }) => {
    const choose = (dayOffset: number) =>
      chooseAccelerator(
        { ...host, now: () => new Date(Date.UTC(2026, 0, 1 + dayOffset)) },
        "x86_64",
        program,
        SETTINGS,
        options,
      );
    assert.equal((await choose(0)).accelerator, "tcg");
    assert.equal((await choose(0.9)).accelerator, "tcg");
    assert.equal(runs(), 1);
    await choose(2);
    assert.equal(runs(), 2);
    // A clock that was set back does not keep a verdict for ever.
    await choose(-30);
    assert.equal(runs(), 3);
  });
});

Deno.test("chooseAccelerator() proves anew when asked, and for another QEMU", async () => {
  await withQemu("exit 43", async ({ host, program, options, runs }) => {
    await chooseAccelerator(host, "x86_64", program, SETTINGS, options);
    await chooseAccelerator(host, "x86_64", program, SETTINGS, { ...options, fresh: true });
    assert.equal(runs(), 2);
    const upgraded: Program = { ...program, version: [9, 0, 0] };
    await chooseAccelerator(host, "x86_64", upgraded, SETTINGS, options);
    assert.equal(runs(), 3);
  });
});

Deno.test("chooseAccelerator() makes one proof for many starts at once", async () => {
  await withQemu("sleep 0.2; exit 43", async ({ host, program, options, runs }) => {
    const choices = await Promise.all(
      Array.from(
        { length: 6 },
        () => chooseAccelerator(host, "x86_64", program, SETTINGS, options),
      ),
    );
    assert.ok(choices.every(({ accelerator }) => accelerator === "kvm"));
    assert.equal(runs(), 1);
  });
});

Deno.test("chooseAccelerator() works without a home and with a broken cache", async () => {
  await withQemu("exit 43", async ({ host, program, options, directory, runs }) => {
    const homeless = { ...host, env: () => undefined };
    await chooseAccelerator(homeless, "x86_64", program, SETTINGS, options);
    await chooseAccelerator(homeless, "x86_64", program, SETTINGS, options);
    assert.equal(runs(), 2);
    await Deno.mkdir(`${directory}/cache`);
    for (const content of ["{", "[]", "null", '{"x": {"usable": "yes"}}']) {
      await Deno.writeTextFile(`${directory}/cache/accelerator.json`, content);
      const choice = await chooseAccelerator(host, "x86_64", program, SETTINGS, options);
      assert.equal(choice.accelerator, "kvm");
    }
    assert.equal(runs(), 6);
    assert.deepEqual([...Deno.readDirSync(`${directory}/cache`)].map(({ name }) => name).sort(), [
      "accelerator.json",
      "accelerator.json.lock",
    ]);
  });
});

Deno.test("chooseAccelerator() emulates, without a proof, what kvm can't run", async () => {
  await withQemu("exit 43", async ({ host, program, options, runs }) => {
    const foreign = await chooseAccelerator(host, "aarch64", program, SETTINGS, options);
    assert.deepEqual(foreign, {
      accelerator: "tcg",
      reason: "kvm runs x86_64 guests only, not aarch64",
    });
    const without = { ...options, kvmPath: "/nonexistent/kvm" };
    const choice = await chooseAccelerator(host, "x86_64", program, SETTINGS, without);
    assert.deepEqual(choice, { accelerator: "tcg", reason: "there is no /nonexistent/kvm" });
    assert.equal(runs(), 0);
  });
});

Deno.test("chooseAccelerator() proves hvf on a Mac", async () => {
  await withQemu("exit 0", async ({ host, program, options, directory }) => {
    const mac: Host = { ...host, os: "darwin", architecture: "aarch64" };
    await writeScript(program.path, `echo "$*" > ${directory}/args`);
    const choice = await chooseAccelerator(mac, "aarch64", program, SETTINGS, options);
    assert.equal(choice.accelerator, "hvf");
    assert.match(Deno.readTextFileSync(`${directory}/args`), /accel=hvf.* -cpu host/);
  });
});

Deno.test("chooseAccelerator() refuses a wish that can't be met", async () => {
  await withQemu("exit 43", async ({ host, program, options }) => {
    const wish = (accelerator: Accelerator, parts: object = {}) =>
      chooseAccelerator(host, "x86_64", program, readSettings({ accelerator }), {
        ...options,
        ...parts,
      });
    const fails = (code: string, text: RegExp) => (error: unknown) => {
      assert.ok(error instanceof CocoonError);
      assert.equal(error.code, code);
      assert.match(`${error.message} ${error.hint}`, text);
      return true;
    };
    await assert.rejects(wish("hvf"), fails("usage", /does not exist on linux.*"kvm"/));
    await assert.rejects(
      wish("kvm", { kvmPath: "/nonexistent/kvm" }),
      fails("host-lacks", /there is no .*modprobe/),
    );
    await assert.rejects(
      chooseAccelerator(host, "aarch64", program, readSettings({ accelerator: "kvm" }), options),
      fails("usage", /x86_64 guests only, not aarch64/),
    );
  });
});

Deno.test({
  name: "chooseAccelerator() tells that /dev/kvm is not ours to open",
  // Root may open everything.
  ignore: Deno.uid() === 0,
  fn: async () => {
    await withQemu("exit 43", async ({ host, program, options }) => {
      await Deno.chmod(options.kvmPath, 0);
      const choice = await chooseAccelerator(host, "x86_64", program, SETTINGS, options);
      assert.equal(choice.accelerator, "tcg");
      assert.match(choice.reason, /can't be opened: .*denied/);
    });
  },
});
