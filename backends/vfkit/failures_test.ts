import assert from "node:assert/strict";
import { parseAppleError } from "./apple_error.ts";
import { explainFailure } from "./failures.ts";
import { machine, request } from "./testing/requests.ts";

/** As vfkit ends: the error, its usage, and the error again. */
function log(text: string): string {
  return `time="2026-11-22T08:01:53Z" level=info msg="virtual machine parameters:"
Error: ${text}
Usage:
  vfkit [flags]

Flags:
  -b, --bootloader strings   bootloader configuration

${text}
`;
}

function apple(code: number, description: string, reason: string): string {
  return `Error Domain=VZErrorDomain Code=${code} Description="${description}" UserInfo={
    NSLocalizedFailure = "${description}";
    NSLocalizedFailureReason = "${reason}";
}`;
}

const INVALID = "Invalid virtual machine configuration.";

Deno.test("parseAppleError() takes the last error of a log apart, over its lines", () => {
  const reason = "The process doesn’t have the “com.apple.security.virtualization” entitlement.";
  assert.deepEqual(parseAppleError(log(apple(2, INVALID, reason))), {
    domain: "VZErrorDomain",
    code: 2,
    description: INVALID,
    reason,
  });
  assert.deepEqual(parseAppleError('Error Domain=NSCocoaErrorDomain Code=-7 Description="x'), {
    domain: "NSCocoaErrorDomain",
    code: -7,
    description: "x",
    reason: "",
  });
  assert.equal(parseAppleError("Error: no such thing"), undefined);
  assert.equal(parseAppleError("Error Domain="), undefined);
});

const cases: [text: string, message: RegExp, hint: RegExp | undefined][] = [
  [
    apple(
      2,
      INVALID,
      "The process doesn’t have the “com.apple.security.virtualization” entitlement.",
    ),
    /^vfkit lacks the entitlement com\.apple\.security\.virtualization$/,
    /brew reinstall vfkit/,
  ],
  [
    apple(2, INVALID, "The memory size is invalid."),
    /does not give a machine 512 MiB of memory \(this computer has 16384 MiB\)/,
    /less memory/,
  ],
  [
    apple(2, INVALID, "The number of CPUs is invalid."),
    /does not give a machine 2 CPUs \(this computer has 8\)/,
    /fewer CPUs/,
  ],
  [apple(2, INVALID, "Something new."), /configuration: Something new\.$/, undefined],
  [
    apple(1, "Internal Virtualization error.", "The virtual machine failed to start."),
    /could not run the machine: The virtual machine failed to start\.$/,
    /Console\.app/,
  ],
  [apple(5, "Invalid disk image.", "x"), /no disk image that macOS takes: x$/, /512 bytes/],
  [
    apple(6, "The maximum supported number of active virtual machines has been reached.", ""),
    /as many virtual machines as it allows/,
    /restart this computer/,
  ],
  [apple(10, "Not supported.", ""), /cannot do what the machine asks for/, /doctor/],
  [apple(99, "New.", ""), /^macOS refused the machine \(VZError 99\): New\.$/, undefined],
  ["unsupported macOS version", /needs a newer macOS/, /doctor/],
  [
    "kernel must be uncompressed, /d/kernel is a compressed file",
    /^the kernel \/d\/kernel is compressed/,
    /unpacks/,
  ],
  [
    "failed to open file /d/root.raw: open /d/root.raw: no such file or directory",
    /cannot be read: \/d\/root\.raw$/,
    undefined,
  ],
  ["vfkit does not support qcow2 image format", /is a qcow2 file/, /storage = "auto"/],
  ["rosetta is not installed", /Rosetta cannot be made: rosetta is not installed$/, /software/],
  ["nested virtualization is not supported", /no nested virtualization/, /M3/],
  [
    "dial unixgram /d/vfkit-1-2.sock->/d/gv.sock: connect: no such file or directory",
    /nobody answers at the network's socket \/d\/gv\.sock$/,
    /doctor/,
  ],
  ["timeout waiting for VM state", /bring the machine up: timeout/, /Console\.app/],
  ["unknown flag: --nested", /does not take an argument: unknown flag: --nested$/, /extra_args/],
  [
    "unknown option for virtio-serial devices: pty",
    /argument: unknown option for virtio-serial devices: pty$/,
    /new enough/,
  ],
];
for (const [text, message, hint] of cases) {
  Deno.test(`explainFailure() knows: ${text.split("\n")[0]?.slice(0, 80)}`, () => {
    const found = explainFailure(log(text), request());
    assert.match(found?.message ?? "nothing was recognised", message);
    if (hint === undefined) assert.equal(found?.hint, undefined);
    else assert.match(found?.hint ?? "", hint);
  });
}

Deno.test("explainFailure() has the holders of a disk looked for that cannot be attached", () => {
  const reason = "The storage device attachment is invalid.";
  const found = explainFailure(log(apple(2, INVALID, reason)), request());
  assert.match(found?.message ?? "", /it is in use, or damaged$/);
  assert.deepEqual(found?.heldFiles, machine().disks.map(({ path }) => path));
});

Deno.test("explainFailure() knows a REST socket that is there already", () => {
  const line =
    'time="x" level=fatal msg="listen unix /d/r/vfkit.sock: bind: address already in use"';
  assert.equal(
    explainFailure(line, request())?.message,
    "the socket /d/r/vfkit.sock is there already",
  );
});

Deno.test("explainFailure() says of macOS guests how many may run", () => {
  const boot = {
    kind: "macos" as const,
    machineIdentifierPath: "/m",
    hardwareModelPath: "/h",
    auxImagePath: "/a",
  };
  const found = explainFailure(
    log(apple(6, "The maximum supported number of active virtual machines has been reached.", "")),
    request({ machine: machine({ boot }) }),
  );
  assert.match(found?.hint ?? "", /^Two macOS guests are allowed/);
});
