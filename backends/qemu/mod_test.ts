import assert from "node:assert/strict";
import type { HostFacts } from "../../plugins/contract.ts";
import qemu from "./mod.ts";
import { MAX_DISKS, MAX_NICS } from "./slots.ts";

const LINUX: HostFacts = { os: "linux", architecture: "x86_64", cpus: 2, memoryBytes: 1e9 };
const MAC: HostFacts = { ...LINUX, os: "darwin", architecture: "aarch64" };

Deno.test("capabilities() offers the host's architecture first, and emulates the other", () => {
  assert.deepEqual(qemu.capabilities(LINUX, {}).architectures, ["x86_64", "aarch64"]);
  assert.deepEqual(qemu.capabilities(MAC, {}).architectures, ["aarch64", "x86_64"]);
});

Deno.test("capabilities() leaves out what only Linux has, on a Mac", () => {
  const linux = qemu.capabilities(LINUX, {});
  const mac = qemu.capabilities(MAC, {});
  assert.ok(linux.attachments.includes("tap") && linux.vsock);
  assert.ok(!mac.attachments.includes("tap") && !mac.vsock);
  assert.ok(mac.attachments.includes("user"));
});

Deno.test("capabilities() takes the limits from the slots and the screen from the settings", () => {
  const { maxDisks, maxNics, screenshot } = qemu.capabilities(LINUX, {});
  assert.deepEqual([maxDisks, maxNics, screenshot], [MAX_DISKS, MAX_NICS, true]);
  assert.equal(qemu.capabilities(LINUX, { screen: false }).screenshot, false);
});

Deno.test("the backend has every optional power that its capabilities promise", () => {
  const { pause, screenshot } = qemu.capabilities(LINUX, {});
  const control = qemu.control({ socketPath: "/nonexistent" });
  assert.equal(control.pause !== undefined && control.resume !== undefined, pause);
  assert.equal(control.screenshot !== undefined, screenshot);
  assert.equal(control.consolePath, undefined, "its console is a socket");
});
