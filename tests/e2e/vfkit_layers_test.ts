/** An image of layers out of a real registry, booted under vfkit, whose stand-in boots it. */
import assert from "node:assert/strict";
import { erofsPrograms } from "../support/erofs.ts";
import { pathsOf, publishLayers } from "../support/layered_image.ts";
import { assertNothingLeft, inspect, WAIT_SSH } from "../support/machines.ts";
import { startRegistry } from "../support/registry.ts";
import { vfkitHome } from "../support/vfkit.ts";

Deno.test({
  name: "under vfkit machines share an image's layers, and each writes over them for itself",
  // The guest is built for this architecture.
  ignore: Deno.build.arch !== "x86_64",
  fn: async () => {
    await using registry = await startRegistry();
    const programs = await erofsPrograms();
    const reference = await publishLayers(registry);
    await using mac = await vfkitHome({
      architecture: "amd64",
      env: { PATH: `${programs}:${Deno.env.get("PATH") ?? ""}` },
    });
    const size = ["--memory", "256M", "--cpus", "1", "--disk", "256M"];
    const run = (name: string) =>
      mac.ok(["vm", "run", "--name", name, reference, ...size, ...WAIT_SSH]);

    await run("one");
    const read = "hostname; cat /etc/added; ls /etc/removed 2>/dev/null || echo gone";
    assert.equal(await mac.ssh("one", read), "one\nof the top\ngone\n");
    assert.match(await mac.ssh("one", "cat /proc/mounts"), /^overlay \/ overlay rw,/m);
    const write =
      "echo of one | sudo tee /etc/written; sudo rm /etc/added; ls /etc/added 2>&1 | wc -l";
    assert.equal(await mac.ssh("one", write), "of one\n1\n");

    await run("two");
    const others = "hostname; cat /etc/added; ls /etc/written 2>/dev/null || echo none";
    assert.equal(await mac.ssh("two", others), "two\nof the top\nnone\n");
    const [one, two] = [await inspect(mac.home, "one"), await inspect(mac.home, "two")];
    assert.deepEqual([one.state, two.state, mac.vfkits().length], ["running", "running", 2]);
    assert.equal(pathsOf(one, "layer").length, 2);
    assert.deepEqual(pathsOf(one, "layer"), pathsOf(two, "layer"));
    assert.notDeepEqual(pathsOf(one, "cow"), pathsOf(two, "cow"));

    const commands = await Promise.all(
      mac.vfkits().map((pid) => Deno.readTextFile(`/proc/${pid}/cmdline`)),
    );
    for (const command of commands) {
      const devices = command.split("\0").filter((word) => word.startsWith("virtio-blk,"));
      for (const path of pathsOf(one, "layer")) {
        assert.ok(
          devices.some((word) => word.includes(`path=${path},`) && word.endsWith(",readonly")),
          `${path} could be written to: ${devices.join(" ")}`,
        );
      }
    }
    await mac.ok(["vm", "rm", "--force", "one", "two"]);
    await assertNothingLeft(mac.home);
  },
});
