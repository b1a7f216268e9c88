import assert from "node:assert/strict";
import type { PlanRequest, StartFailure } from "../../plugins/contract.ts";
import { explainFailure } from "./failures.ts";
import { withTempDir } from "./testing/fake_host.ts";
import { RealQemu } from "./testing/real_qemu.ts";
import { request } from "./testing/requests.ts";

const QEMU = ["-nodefaults", "-no-user-config", "-display", "none", "-machine", "q35,accel=tcg"];

/** Explains what the real QEMU says about arguments that it must refuse. */
async function explainReal(args: string[], given: PlanRequest = request()) {
  await using qemu = new RealQemu("qemu-system-x86_64", [...QEMU, ...args]);
  const { code } = await qemu.ended(10_000);
  assert.notEqual(code, 0);
  const log = await qemu.stderr();
  return { log, failure: explainFailure(log, given) };
}

function assertExplained(failure: StartFailure | undefined, message: RegExp, hint: RegExp) {
  assert.ok(failure, "it was not recognised");
  assert.match(failure.message, message);
  assert.match(failure.hint ?? "", hint);
}

Deno.test("explainFailure() knows a port that was taken, from the real QEMU", async () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { failure } = await explainReal([
    "-netdev",
    `user,id=n,hostfwd=tcp:127.0.0.1:${listener.addr.port}-:22`,
  ]);
  assertExplained(
    failure,
    new RegExp(`tcp:127.0.0.1:${listener.addr.port}-:22`),
    /another program/,
  );
  assert.equal(failure?.portTaken, true);
});

Deno.test("explainFailure() knows a lack of huge pages, from the real QEMU", async () => {
  // No computer has a tebibyte of them.
  const memory = "memory-backend-memfd,id=memory,size=1099511627776,hugetlb=on,prealloc=on";
  const { failure } = await explainReal([
    ...["-object", memory, "-machine", "memory-backend=memory", "-m", "size=1T"],
  ]);
  assertExplained(failure, /not enough huge pages for the 512 MiB of memory/, /vm\.nr_hugepages/);
});

Deno.test("explainFailure() knows a disk in use, from the real QEMU", () =>
  withTempDir(async (directory) => {
    const path = `${directory}/disk.raw`;
    await Deno.writeFile(path, new Uint8Array(65536));
    const args = [
      "-blockdev",
      `driver=file,node-name=d,filename=${path}`,
      "-device",
      "virtio-blk-pci,drive=d",
    ];
    // Two at once: one of them gets the lock and stays, the other one ends.
    await using one = new RealQemu("qemu-system-x86_64", [...QEMU, "-S", ...args]);
    await using other = new RealQemu("qemu-system-x86_64", [...QEMU, "-S", ...args]);
    const refused = await Promise.any(
      [one, other].map((qemu) => qemu.ended(30_000).then(() => qemu)),
    );
    const failure = explainFailure(await refused.stderr(), request());
    assertExplained(failure, /disk of machine "web" is in use .*disk\.raw/, /fuser -v .*disk\.raw/);
    assert.equal(failure?.portTaken, undefined);
  }));

Deno.test("explainFailure() knows wrong settings, from the real QEMU", async (t) => {
  const cases: [string, string[], RegExp, RegExp][] = [
    ["CPU model", ["-cpu", "nosuch"], /no CPU model "nosuch"/, /-cpu help/],
    ["host CPU", ["-cpu", "host"], /"host" needs kvm or hvf/, /remove `cpu`/],
    ["machine", ["-machine", "nosuch"], /machine type/, /-machine help/],
    ["accelerator", ["-machine", "accel=hvf"], /accelerator/, /"tcg"/],
    ["CPUs", ["-smp", "3000"], /too many CPUs: The max CPUs/, /fewer/],
    ["option", ["-no-such-option"], /-no-such-option/, /extra_args/],
    [
      "firmware",
      ["-blockdev", "driver=file,node-name=firmware-code-file,filename=/nowhere/OVMF.fd"],
      /firmware \/nowhere\/OVMF\.fd can't be opened/,
      /./,
    ],
  ];
  for (const [name, args, message, hint] of cases) {
    await t.step(name, async () => {
      const { log, failure } = await explainReal(args);
      assert.ok(failure, log);
      assertExplained(failure, message, hint);
    });
  }
});

Deno.test("explainFailure() knows a file that is missing, from the real QEMU", async () => {
  const { failure } = await explainReal([
    "-blockdev",
    "driver=file,node-name=d,filename=/nowhere/d",
  ]);
  assert.match(failure?.message ?? "", /file of machine "web" can't be opened: \/nowhere\/d/);
});

Deno.test("explainFailure() knows firmware of the wrong size, from the real QEMU", () =>
  withTempDir(async (directory) => {
    await Deno.writeFile(`${directory}/code.fd`, new Uint8Array(5000));
    const { log, failure } = await explainReal([
      "-blockdev",
      `driver=file,node-name=code,filename=${directory}/code.fd`,
      "-machine",
      "pflash0=code",
    ]);
    assert.ok(failure, log);
    assertExplained(failure, /wrong size/, /firmware_code/);
  }));

Deno.test("explainFailure() knows what can't be provoked here, from QEMU's sources", () => {
  // Texts of QEMU 7.2 to 10: accel/kvm/kvm-all.c, util/oslib-posix.c, hw/virtio/vhost-vsock.c,
  // net/tap-linux.c, hw/block/block.c.
  const cases: [string, RegExp, RegExp][] = [
    [
      "Could not access KVM kernel module: Permission denied\nqemu: failed to initialize kvm: x",
      /can't use \/dev\/kvm: Permission denied/,
      /usermod -aG kvm/,
    ],
    [
      "Could not access KVM kernel module: No such file or directory",
      /No such file/,
      /accelerator = "auto"/,
    ],
    [
      "cannot set up guest memory 'pc.ram': Cannot allocate memory",
      /no room for the 512 MiB of memory of machine "web" \(it has 8192 MiB in all\)/,
      /less memory/,
    ],
    ["vhost-vsock: unable to set guest cid: Address already in use", /vsock/, /another machine/],
    ["vhost-vsock: failed to open vhost device: No such file or directory", /vsock/, /modprobe/],
    [
      "device requires 67108864 bytes, block backend provides 2097152 bytes",
      /wrong size: 67108864 bytes, block backend provides 2097152/,
      /firmware_vars/,
    ],
    [
      "could not configure /dev/net/tun (tap0): Operation not permitted",
      /TAP interface can't be used: tap0/,
      /doctor/,
    ],
  ];
  for (const [line, message, hint] of cases) {
    assertExplained(explainFailure(`qemu-system-x86_64: ${line}\n`, request()), message, hint);
  }
});

Deno.test("explainFailure() does not explain what it does not know", () => {
  for (const log of ["", "qemu-system-x86_64: terminating on signal 15", "Segmentation fault"]) {
    assert.equal(explainFailure(log, request()), undefined);
  }
});
