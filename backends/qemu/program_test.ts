import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import { realHost } from "../../host/host.ts";
import { findProgram, requireProgram } from "./program.ts";
import { readSettings } from "./settings.ts";
import { fakeHost, withTempDir, writeScript } from "./testing/fake_host.ts";

const DEFAULTS = readSettings({});

/** A host whose `qemu-system-x86_64` is a script. */
async function withProgram<T>(body: string, use: (path: string) => Promise<T>): Promise<T> {
  return await withTempDir(async (dir) => await use(await writeScript(`${dir}/qemu`, body)));
}

function lacks(message: RegExp, hint: RegExp) {
  return (error: unknown) => {
    assert.ok(error instanceof CocoonError);
    assert.equal(error.code, "host-lacks");
    assert.match(error.message, message);
    assert.match(error.hint ?? "", hint);
    return true;
  };
}

Deno.test("findProgram() takes the setting, else the program on PATH", () => {
  const which = (name: string) => name.startsWith("/opt") ? name : `/usr/bin/${name}`;
  const host = fakeHost({ which });
  assert.equal(findProgram(host, "aarch64", DEFAULTS), "/usr/bin/qemu-system-aarch64");
  const settings = readSettings({ aarch64: { program: "/opt/qemu" } });
  assert.equal(findProgram(host, "aarch64", settings), "/opt/qemu");
  assert.equal(findProgram(host, "x86_64", settings), "/usr/bin/qemu-system-x86_64");
});

Deno.test("findProgram() takes RHEL's program for guests of the host's architecture only", () => {
  const host = fakeHost({ which: (name) => name.startsWith("/usr/libexec/") ? name : undefined });
  assert.equal(findProgram(host, "x86_64", DEFAULTS), "/usr/libexec/qemu-kvm");
  assert.equal(findProgram(host, "aarch64", DEFAULTS), undefined);
});

Deno.test("requireProgram() finds the real QEMU, its version and its sandbox", async () => {
  const program = await requireProgram(realHost(), "x86_64", DEFAULTS);
  assert.match(program.path, /^\/.*qemu-system-x86_64$/);
  assert.ok(program.version[0] >= 6);
  assert.equal(typeof program.sandbox, "boolean");
});

Deno.test("requireProgram() says how to install what is missing", async () => {
  await assert.rejects(
    requireProgram(fakeHost({ os: "darwin" }), "x86_64", DEFAULTS),
    lacks(/no program for x86_64 guests/, /^brew install qemu$/),
  );
});

Deno.test("requireProgram() names a setting that leads nowhere", async () => {
  await assert.rejects(
    requireProgram(fakeHost(), "x86_64", readSettings({ program: "/nowhere/qemu" })),
    lacks(/\/nowhere\/qemu is not a program/, /`program` in \[backends\.qemu\]/),
  );
});

Deno.test("requireProgram() refuses a QEMU that is too old", async () => {
  await withProgram('echo "QEMU emulator version 5.2.0"', async (path) => {
    await assert.rejects(
      requireProgram(fakeHost({ which: () => path }), "x86_64", DEFAULTS),
      lacks(/is version 5\.2\.0, needed is 6\.2\.0 or newer/, /upgrade QEMU/),
    );
  });
});

Deno.test("requireProgram() tells why a program does not run", async () => {
  await withProgram("echo 'libfoo.so: cannot open' >&2; exit 127", async (path) => {
    await assert.rejects(
      requireProgram(fakeHost({ which: () => path }), "x86_64", DEFAULTS),
      lacks(/--version failed: libfoo\.so: cannot open/, /./),
    );
  });
});

Deno.test("requireProgram() sees that a QEMU was built without seccomp", async () => {
  const body = 'test "$1" = -sandbox && exit 1; echo "QEMU emulator version 8.1.0"';
  await withProgram(body, async (path) => {
    const program = await requireProgram(fakeHost({ which: () => path }), "x86_64", DEFAULTS);
    assert.deepEqual(program, { path, version: [8, 1, 0], sandbox: false });
  });
});

Deno.test("requireProgram() does not ask a Mac's QEMU for a sandbox", async () => {
  const body = 'test "$1" = -sandbox && exit 0; echo "QEMU emulator version 9.1.0"';
  await withProgram(body, async (path) => {
    const host = fakeHost({ os: "darwin", which: () => path });
    assert.equal((await requireProgram(host, "x86_64", DEFAULTS)).sandbox, false);
  });
});
