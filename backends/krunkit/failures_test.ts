import assert from "node:assert/strict";
import { explainFailure } from "./failures.ts";
import { request } from "./testing/requests.ts";

const explained = (log: string) => explainFailure(log, request());
const FAILED = "Error: unable to begin running krun workload\n";
const logged = (text: string) => `[2026-01-22T05:38:44Z ERROR krun] ${text}\n`;

Deno.test("explainFailure() knows krunkit's own refusals", () => {
  const cases: [log: string, message: RegExp, hint: RegExp][] = [
    [
      "Error: requested RAM larger than upper limit of 61440 MiB\n",
      /at most 61440 MiB/,
      /61440M or less/,
    ],
    ["Error: can't find a firmware to load\n", /does not find its UEFI firmware/, /`firmware`/],
    [
      "Error: unable to add vsock port 5 for path /tmp/a b.sock\n",
      /cannot make the socket \/tmp\/a b\.sock/,
      /rm \/tmp\/a b\.sock/,
    ],
    [
      "Error: virtio-net unable to add device with unix datagram backend SocketConfig { a }\n",
      /network card: virtio-net unable to add device with unix datagram backend SocketConfig$/,
      /cocoon doctor/,
    ],
    [
      "error: unexpected argument '--nested' found\n\nUsage: krunkit\n",
      /does not take an argument: unexpected argument '--nested' found$/,
      /`extra_args`/,
    ],
    [
      "error: invalid value 'x' for '--memory <MEMORY>': invalid memory value: 'x'\n",
      /invalid value 'x'/,
      /`extra_args`/,
    ],
    [
      logged("Building the microVM failed: Internal(Vm(VmSetup(VmCreate)))") + FAILED,
      /lacks the entitlement com\.apple\.security\.hypervisor$/,
      /brew reinstall krunkit/,
    ],
  ];
  for (const [log, message, hint] of cases) {
    const failure = explained(log);
    assert.match(failure?.message ?? "", message);
    assert.match(failure?.hint ?? "", hint);
  }
});

Deno.test("explainFailure() tells libkrun's last complaint, and who may hold the disks", () => {
  const failure = explained(logged("first") + logged("Building the microVM failed: why") + FAILED);
  assert.equal(
    failure?.message,
    'krunkit could not start machine "web": Building the microVM failed: why',
  );
  assert.deepEqual(failure?.heldFiles, [
    "/d/vms/0123456789ab/root.raw",
    "/d/vms/0123456789ab/seed.iso",
  ]);
  assert.equal(explained(FAILED)?.message, 'krunkit could not start machine "web"');
});
