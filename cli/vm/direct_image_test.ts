import assert from "node:assert/strict";
import { directKernel, refuseOwnKernel } from "./direct_image.ts";

Deno.test("directKernel() names the layers from the top to the base", () => {
  const files = {
    kernelPath: "/kernel",
    initrdPath: "/initrd",
    layers: ["/base", "/middle", "/top"],
  };
  const machine = { unpack: false, name: "web", hasNetwork: true, consoles: "console=hvc0" };
  const { commandLine, initrdPath } = directKernel(files, machine);
  assert.equal(
    commandLine,
    "console=hvc0 loglevel=3 boot=cocoon-overlay " +
      "cocoon.layers=cocoon-layer2,cocoon-layer1,cocoon-layer0 cocoon.cow=cocoon-cow rw " +
      "net.ifnames=0 cocoon.hostname=web",
  );
  assert.equal(initrdPath, "/initrd");
  const alone = directKernel(files, { ...machine, hasNetwork: false });
  assert.doesNotMatch(alone.commandLine, /net\.|hostname/);
});

Deno.test("refuseOwnKernel() refuses --kernel beside an image that has one", () => {
  refuseOwnKernel(undefined);
  assert.throws(() => refuseOwnKernel({ kernelPath: "/k", commandLine: "", unpack: false }), {
    code: "usage",
    message: /^--kernel: /,
  });
});
