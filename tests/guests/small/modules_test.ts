import assert from "node:assert/strict";
import { parseDependencies } from "./modules.ts";

Deno.test("parseDependencies() lists a module's own path first, by the kernel's name of it", () => {
  const modules = parseDependencies(
    "kernel/drivers/char/hw_random/virtio-rng.ko: kernel/drivers/virtio/virtio.ko.xz kernel/b.ko\n" +
      "kernel/drivers/virtio/virtio.ko.xz:\n",
  );
  assert.deepEqual([...modules], [
    ["virtio_rng", [
      "kernel/drivers/char/hw_random/virtio-rng.ko",
      "kernel/drivers/virtio/virtio.ko.xz",
      "kernel/b.ko",
    ]],
    ["virtio", ["kernel/drivers/virtio/virtio.ko.xz"]],
  ]);
});
