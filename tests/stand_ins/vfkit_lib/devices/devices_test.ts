import assert from "node:assert/strict";
import { release } from "../versions.ts";
import { parseDevice } from "./parse.ts";

/** Texts of refusals, by the device that is refused. */
const REFUSED: Readonly<Record<string, string>> = {
  "": "unknown device type: ",
  ",virtio-rng": "unknown device type: ",
  "VIRTIO-RNG": "unknown device type: VIRTIO-RNG",
  "virtio-blk,path=/dev/null,Path=x": "unknown option for virtio-blk devices: Path",
  "nvme,readonly=no": "unexpected value for nvme 'readonly' option: no",
  "usb-mass-storage,deviceId=x": "unknown option for usb-mass-storage devices: deviceId",
  "virtio-net,nat=on": "unexpected value for virtio-net 'nat' option: on",
  "virtio-net,mac=52:54:00:11:22:33": "one of 'nat' or 'fd' or 'unixSocketPath' must be set",
  "virtio-net,nat,unixSocketPath=/x": "'nat' and 'unixSocketPath' cannot be set at the same time",
  "virtio-net,fd=3,unixSocketPath=/x": "'fd' and 'unixSocketPath' cannot be set at the same time",
  "virtio-net,type=tap,path=/x": "unsupported virtio-net type: tap (only 'unixgram' is supported)",
  "virtio-net,path=/x": "'path' option requires 'type' to be specified",
  "virtio-net,type=unixgram": "'type' option requires 'path' to be specified",
  "virtio-serial,stdio=1": "unexpected value for virtio-serial 'stdio' option: 1",
  "virtio-serial,stdio,pty": "'stdio' and 'pty' cannot be set at the same time",
  "virtio-vsock,port=4294967296": 'strconv.ParseUint: parsing "4294967296": value out of range',
  "virtio-gpu,width=x,height=1": "invalid value for virtio-gpu width: x",
  "virtio-gpu,width=-1,height=-1": "invalid dimensions for virtio-gpu device resolution: -1x-1",
  "virtio-rng,a=1,b": "unknown options for virtio-rng devices: [{a 1} {b }]",
  "rosetta,mountTag=x,ignoreIfMissing": "unknown option for rosetta share: ignoreIfMissing",
};

Deno.test("parseDevice() refuses in vfkit's words", () => {
  for (const [text, message] of Object.entries(REFUSED)) {
    assert.throws(() => parseDevice(text, release()), { message }, text);
  }
});

Deno.test("parseDevice() lets the last of equal keys win, and does not look at a pty's value", () => {
  assert.deepEqual(parseDevice("virtio-vsock,port=1,port=2,connect=x,listen", release()), {
    kind: "virtiosock",
    port: 2,
    socketPath: "",
    listen: true,
  });
  const serial = parseDevice("virtio-serial,pty=no", release());
  assert.equal(serial.kind === "virtioserial" && serial.pty, true);
});

Deno.test("parseDevice() of older releases does not know what came later", () => {
  const words: readonly [text: string, before: string, message: string][] = [
    ["virtio-balloon", "0.6.0", "unknown device type: virtio-balloon"],
    ["virtio-serial,pty", "0.6.1", "unknown option for virtio-serial devices: pty"],
    ["virtio-serial", "0.6.1", "one of 'logFilePath' or 'stdio' must be set"],
    ["virtio-net,type=unixgram,path=/x", "0.6.1", "unknown option for virtio-net devices: type"],
    [
      "virtio-net,unixSocketPath=/x,vfkitMagic=on",
      "0.6.1",
      "unknown option for virtio-net devices: vfkitMagic",
    ],
    ["nvme,path=/x,type=image", "0.6.1", "unknown option for nvme devices: type"],
  ];
  for (const [text, before, message] of words) {
    assert.throws(() => parseDevice(text, release(before)), { message }, text);
    if (text !== "virtio-serial") parseDevice(text, release("0.6.2"));
  }
  parseDevice("virtio-balloon", release("0.6.1"));
});
