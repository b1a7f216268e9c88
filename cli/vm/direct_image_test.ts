import assert from "node:assert/strict";
import { directKernel, refuseOwnKernel } from "./direct_image.ts";

/** An x86 kernel as far as its header goes. */
async function withKernel(body: (kernelPath: string) => Promise<void>): Promise<void> {
  const kernelPath = await Deno.makeTempFile();
  try {
    const bytes = new Uint8Array(4096);
    bytes.set([0x55, 0xaa], 0x1fe);
    bytes.set(new TextEncoder().encode("HdrS"), 0x202);
    await Deno.writeFile(kernelPath, bytes);
    await body(kernelPath);
  } finally {
    await Deno.remove(kernelPath);
  }
}

Deno.test("directKernel() names the layers from the top to the base", async () => {
  await withKernel(async (kernelPath) => {
    const files = { kernelPath, initrdPath: "/initrd", layers: ["/base", "/middle", "/top"] };
    const machine = {
      unpack: false,
      ...{ name: "web", architecture: "x86_64" as const, hasNetwork: true },
      consoles: "console=hvc0",
    };
    const { commandLine, initrdPath } = await directKernel(files, machine);
    assert.equal(
      commandLine,
      "console=hvc0 loglevel=3 boot=cocoon-overlay " +
        "cocoon.layers=cocoon-layer2,cocoon-layer1,cocoon-layer0 cocoon.cow=cocoon-cow rw " +
        "net.ifnames=0 cocoon.hostname=web",
    );
    assert.equal(initrdPath, "/initrd");
    const alone = await directKernel(files, { ...machine, hasNetwork: false });
    assert.doesNotMatch(alone.commandLine, /net\.|hostname/);
    await assert.rejects(directKernel(files, { ...machine, architecture: "aarch64" }), {
      code: "usage",
      message: /it is for x86_64, the machine is aarch64/,
    });
  });
});

Deno.test("refuseOwnKernel() refuses --kernel beside an image that has one", () => {
  refuseOwnKernel(undefined);
  assert.throws(() => refuseOwnKernel({ kernelPath: "/k", commandLine: "", unpack: false }), {
    code: "usage",
    message: /^--kernel: /,
  });
});
