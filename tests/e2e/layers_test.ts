/** An image of layers out of a real registry, booted on QEMU. */
import assert from "node:assert/strict";
import { cocoonOk, runCocoon } from "../support/cocoon.ts";
import { erofsPrograms } from "../support/erofs.ts";
import { pathsOf, publishLayers } from "../support/layered_image.ts";
import { assertNothingLeft, inspect, ssh, WAIT_SSH } from "../support/machines.ts";
import { startRegistry } from "../support/registry.ts";
import { tempHome } from "../support/temp_home.ts";

Deno.test({
  name: "an image of layers boots, is written to, outlives a reboot and is shared by machines",
  // The guest is built for this architecture.
  ignore: Deno.build.arch !== "x86_64",
  fn: async () => {
    await using registry = await startRegistry();
    await using home = await tempHome();
    const programs = await erofsPrograms();
    const reference = await publishLayers(registry);
    const env = { PATH: `${programs}:${Deno.env.get("PATH") ?? ""}` };
    const size = ["--memory", "256M", "--cpus", "1", "--disk", "256M"];
    const run = (name: string) =>
      cocoonOk(home, ["vm", "run", "--name", name, reference, ...size, ...WAIT_SSH], { env });

    await run("one");
    assert.equal(await ssh(home, "one", "hostname; cat /etc/added"), "one\nof the top\n");
    assert.equal(await ssh(home, "one", "ls /etc/removed 2>/dev/null || echo gone"), "gone\n");
    assert.match(await ssh(home, "one", "cat /proc/mounts"), /^overlay \/ overlay rw,/m);
    await ssh(home, "one", "echo kept | sudo tee /etc/written; sudo rm /etc/added; sync");
    await cocoonOk(home, ["vm", "stop", "one"]);
    await cocoonOk(home, ["vm", "start", "one", ...WAIT_SSH]);
    assert.equal(
      await ssh(home, "one", "cat /etc/written; ls /etc | grep -c added || :"),
      "kept\n0\n",
    );

    await run("two");
    assert.equal(
      await ssh(home, "two", "cat /etc/added; ls /etc/written 2>&1 | wc -l; hostname"),
      [
        "of the top",
        "1",
        "two\n",
      ].join("\n"),
    );
    const [one, two] = [await inspect(home, "one"), await inspect(home, "two")];
    assert.equal(pathsOf(one, "layer").length, 2);
    assert.deepEqual(pathsOf(one, "layer"), pathsOf(two, "layer"));
    assert.notDeepEqual(pathsOf(one, "cow"), pathsOf(two, "cow"));
    assert.equal(one.state, "running");

    const refused = await runCocoon(home, ["image", "rm", reference]);
    assert.equal(refused.code, 4);
    assert.match(refused.stderr, /in use by machines one, two/);
    await cocoonOk(home, ["vm", "rm", "--force", "one", "two"]);
    const { stdout } = await cocoonOk(home, [
      "image",
      "inspect",
      reference,
      "--check",
      "-o",
      "json",
    ]);
    const image = JSON.parse(stdout);
    assert.deepEqual([image.kind, image.intact, image.machines], ["direct", true, []]);
    await assertNothingLeft(home);
  },
});
