import assert from "node:assert/strict";
import type { Capabilities } from "../../plugins/contract.ts";
import { CREATE_FLAGS } from "./create_flags.ts";
import {
  checkFeatureFlags,
  FEATURE_FLAGS,
  type FeatureFlags,
  featureParts,
  featureWishes,
} from "./feature_flags.ts";

const NOTHING: FeatureFlags = { rosetta: false, input: false, gpu: false, watchdog: false };

/** What the parser makes of a flag's value. */
function parse(
  flag: "share" | "display" | "nbd" | "diskQueueSize" | "netQueueSize",
  input: string,
) {
  return parsed(FEATURE_FLAGS[flag], input);
}

function dataDisk(input: string) {
  return parsed(CREATE_FLAGS.dataDisk, input);
}

function parsed(flag: { kind: string }, input: string): unknown {
  assert.ok("parse" in flag && typeof flag.parse === "function");
  return flag.parse(input);
}

Deno.test("--share takes a folder whose path has colons, a tag, and :ro", () => {
  assert.deepEqual(parse("share", "/srv/a:b:data"), {
    hostPath: "/srv/a:b",
    tag: "data",
    readOnly: false,
  });
  assert.deepEqual(parse("share", "/srv:data:ro"), {
    hostPath: "/srv",
    tag: "data",
    readOnly: true,
  });
  assert.deepEqual(parse("share", "src:code"), {
    hostPath: `${Deno.cwd()}/src`,
    tag: "code",
    readOnly: false,
  });
  for (const wrong of ["/srv", ":tag", "/srv:", "/srv:a b", "/srv:a,b", `/srv:${"x".repeat(36)}`]) {
    assert.throws(() => parse("share", wrong), RangeError, wrong);
  }
});

Deno.test("--nbd takes a name and the address of a server", () => {
  assert.deepEqual(parse("nbd", "store=nbd://10.0.0.1/x"), {
    uri: "nbd://10.0.0.1/x",
    serial: "store",
    readOnly: false,
  });
  assert.deepEqual(parse("nbd", "store=nbd+unix:///x?socket=/a=b,ro"), {
    uri: "nbd+unix:///x?socket=/a=b",
    serial: "store",
    readOnly: true,
  });
  for (const wrong of ["nbd://h/x", "=nbd://h", "a=http://h", "A=nbd://h", "a=nbd://"]) {
    assert.throws(() => parse("nbd", wrong), RangeError, wrong);
  }
});

Deno.test("--display and the queue sizes take what hypervisors take", () => {
  assert.deepEqual(parse("display", "1280x800"), { widthPixels: 1280, heightPixels: 800 });
  for (const wrong of ["1280", "0x800", "1280x", "x", "1280x800x2"]) {
    assert.throws(() => parse("display", wrong), RangeError, wrong);
  }
  assert.equal(parse("diskQueueSize", "512"), 512);
  assert.equal(parse("netQueueSize", "1024"), 1024);
  for (const wrong of ["0", "1", "100", "2048", "-4", "x"]) {
    assert.throws(() => parse("diskQueueSize", wrong), RangeError, wrong);
  }
  assert.throws(() => parse("netQueueSize", "128"), RangeError);
});

Deno.test("--data-disk takes a bus behind the size", () => {
  const sizeBytes = 2 ** 24;
  assert.deepEqual(dataDisk("16M"), { sizeBytes });
  assert.deepEqual(dataDisk("16M,bus=nvme"), { sizeBytes, bus: "nvme" });
  assert.deepEqual(dataDisk("logs=16M,bus=usb"), { name: "logs", sizeBytes, bus: "usb" });
  for (const wrong of ["16M,", "16M,nvme", "16M,bus=scsi", "16M,bus=usb,x", ",bus=usb"]) {
    assert.throws(() => dataDisk(wrong), RangeError, wrong);
  }
});

Deno.test("featureWishes() names exactly what was asked for", () => {
  assert.deepEqual(featureWishes(NOTHING, ["virtio"]), []);
  const flags: FeatureFlags = {
    ...NOTHING,
    share: [{ hostPath: "/srv", tag: "data", readOnly: true }],
    hugepages: "if-available",
    directIo: "on",
    gpu: true,
    watchdog: true,
  };
  assert.deepEqual(featureWishes(flags, ["usb", "virtio"]), [
    { feature: "shares", optional: false },
    { feature: "read-only-shares", optional: false },
    { feature: "gpu", optional: false },
    { feature: "usb-disks", optional: false },
    { feature: "hugepages", optional: true },
    { feature: "direct-io", optional: false },
    { feature: "watchdog", optional: false },
  ]);
});

Deno.test("featureParts() keeps a screen and the graphics processor apart", () => {
  const parts = (more: Partial<FeatureFlags>) =>
    featureParts({ ...NOTHING, ...more }, {} as Capabilities).devices; // nothing is read of it
  const display = { widthPixels: 800, heightPixels: 600 };
  assert.deepEqual(parts({ display }), { display });
  assert.deepEqual(parts({ gpu: true }), { gpu: true });
});

Deno.test("featureParts() leaves out what may be left out where it cannot be had", () => {
  const flags: FeatureFlags = {
    ...NOTHING,
    hugepages: "if-available",
    watchdog: true,
    input: true,
  };
  const having = (features: Capabilities["features"]) =>
    featureParts(flags, { ...(features && { features }) } as Capabilities); // nothing else is read
  assert.deepEqual(having(undefined), { devices: { input: true }, tuning: {} });
  assert.deepEqual(having(["hugepages", "watchdog"]), {
    devices: { input: true, watchdog: true },
    tuning: { hugepages: true },
  });
});

Deno.test("checkFeatureFlags() refuses a name twice and a folder that is not there", () => {
  const share = (tag: string, hostPath = "/") => ({ hostPath, tag, readOnly: false });
  const nbd = [{ uri: "nbd://h", serial: "data1", readOnly: false }];
  const check = (flags: Partial<FeatureFlags>, disks = ["root", "seed"]) =>
    checkFeatureFlags({ ...NOTHING, ...flags }, disks);
  check({ share: [share("a"), share("b")], nbd, rosetta: true });
  assert.throws(() => check({ share: [share("a"), share("a")] }), { code: "usage" });
  assert.throws(() => check({ share: [share("rosetta")], rosetta: true }), { code: "usage" });
  assert.throws(() => check({ nbd }, ["root", "data1"]), {
    message: '--nbd: two disks are named "data1"',
  });
  for (const path of ["/no/such/folder", "/etc/passwd"]) {
    assert.throws(() => check({ share: [share("a", path)] }), {
      code: "not-found",
      message: `--share ${path}: no such folder`,
    });
  }
});
