import assert from "node:assert/strict";
import { CocoonError } from "../errors/error.ts";
import { realHost } from "../host/host.ts";
import type { Host, RunResult } from "../plugins/contract.ts";
import { debianPackages } from "./packages.ts";
import { missingPackages, setUp } from "./setup.ts";

/** A computer with some programs; dpkg's database is `installed`, and apt-get fills it. */
function stubHost(
  options: {
    programs: string[];
    installed?: Set<string>;
    os?: Host["os"];
    /** Exit status of the n-th `apt-get install`. */
    installs?: number[];
  },
): Host & { calls: string[][] } {
  const { installed = new Set(), installs = [] } = options;
  const calls: string[][] = [];
  return {
    ...realHost(),
    os: options.os ?? "linux",
    architecture: "x86_64",
    which: (program) => options.programs.includes(program) ? `/usr/bin/${program}` : undefined,
    calls,
    run(argv): Promise<RunResult> {
      calls.push([...argv]);
      const packages = argv.slice(argv.indexOf("install") + 1);
      if (argv[0] === "dpkg-query") {
        const lines = argv.slice(3).map((name) => {
          return installed.has(name) ? `${name} installed\n` : `${name} config-files\n`;
        });
        return Promise.resolve({ code: 1, stdout: lines.join(""), stderr: "" });
      }
      if (argv.includes("update")) return Promise.resolve({ code: 0, stdout: "", stderr: "" });
      const code = installs.shift() ?? 0;
      if (code === 0) { for (const name of packages) installed.add(name); }
      const stderr = code === 0 ? "" : "E: Unable to locate package\n";
      return Promise.resolve({ code, stdout: "", stderr });
    },
  };
}

const DEBIAN = ["dpkg-query", "apt-get"];

Deno.test("setUp() does nothing when everything is installed", async () => {
  const installed = new Set(debianPackages("demo", "x86_64"));
  const host = stubHost({ programs: DEBIAN, installed });
  await setUp("demo", host, () => assert.fail("nothing to say"), true);
  assert.deepEqual(host.calls.map(([program]) => program), ["dpkg-query"]);
});

Deno.test("setUp() says what it installs, and installs only what is missing", async () => {
  const all = debianPackages("demo", "x86_64");
  const host = stubHost({ programs: DEBIAN, installed: new Set(all.slice(2)) });
  const said: string[] = [];
  await setUp("demo", host, (line) => said.push(line), true);
  assert.equal(
    said[0],
    `set-up: installing 2 of Debian's packages: ${all.slice(0, 2).join(" ")}`,
  );
  const install = host.calls.find((argv) => argv.includes("install"));
  assert.deepEqual(install?.slice(-3), ["install", ...all.slice(0, 2)]);
});

Deno.test("setUp() fetches the lists once when an install fails, then tries again", async () => {
  const host = stubHost({ programs: DEBIAN, installs: [100] });
  await setUp("demo", host, () => {}, true);
  const verbs = host.calls.map((argv) => argv.find((word) => /^(install|update)$/.test(word)));
  assert.deepEqual(verbs, [undefined, "install", "update", "install", undefined]);
});

Deno.test("setUp() shows the end of apt's output when it cannot install", async () => {
  const host = stubHost({ programs: DEBIAN, installs: [100, 100] });
  await assert.rejects(setUp("demo", host, () => {}, true), (error) => {
    assert.ok(error instanceof CocoonError);
    assert.equal(error.code, "failed");
    assert.match(error.message, /apt-get: exit status 100.*\n {2}E: Unable to locate package/);
    return true;
  });
});

Deno.test("setUp() gives a user who is not root the exact line", async () => {
  const host = stubHost({ programs: DEBIAN });
  await assert.rejects(setUp("demo", host, () => {}, false), (error) => {
    assert.ok(error instanceof CocoonError);
    assert.equal(error.code, "host-lacks");
    assert.ok(error.hint?.includes(debianPackages("demo", "x86_64").join(" ")), error.hint);
    assert.match(error.hint ?? "", /sudo apt-get update && sudo apt-get install -y /);
    return true;
  });
});

Deno.test("setUp() names the line of the system where it cannot install", async () => {
  await setUp("demo", stubHost({ programs: ["qemu-system-x86_64", "ssh"] }));
  for (
    const [os, pattern] of [
      ["darwin", /brew install qemu$/],
      ["linux", /sudo dnf install qemu-system-x86 edk2-ovmf\n.*sudo pacman -S/],
    ] as const
  ) {
    await assert.rejects(setUp("demo", stubHost({ programs: ["ssh"], os })), (error) => {
      assert.ok(error instanceof CocoonError);
      assert.equal(error.code, "host-lacks");
      assert.equal(error.message, "programs not found: qemu-system-x86_64");
      assert.match(error.hint ?? "", pattern);
      return true;
    });
  }
});

Deno.test("debianPackages() gives the tests all that the demo needs", () => {
  for (const architecture of ["x86_64", "aarch64"] as const) {
    const test = debianPackages("test", architecture);
    for (const name of debianPackages("demo", architecture)) assert.ok(test.includes(name), name);
    assert.deepEqual(test, [...new Set(test)].sort());
  }
});

Deno.test({
  name: "missingPackages() finds nothing missing after the set-up of these tests",
  // Elsewhere there is no dpkg to ask.
  ignore: realHost().which("dpkg-query") === undefined,
  async fn() {
    const host = realHost();
    const nonsense = "cocoon-no-such-package";
    const packages = [nonsense, ...debianPackages("test", host.architecture)];
    assert.deepEqual(await missingPackages(host, packages), [nonsense]);
  },
});
