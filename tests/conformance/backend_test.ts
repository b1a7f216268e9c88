import assert from "node:assert/strict";
import { createRegistry } from "../../plugins/registry.ts";
import { backendChecks, type BackendFixture } from "./backend.ts";

/** What every built-in backend is tried with; a new one has its entry here. */
const FIXTURES: Readonly<Record<string, BackendFixture>> = {
  qemu: {
    facts: { os: "linux", architecture: "x86_64", cpus: 4, memoryBytes: 8 * 2 ** 30 },
    settings: { accelerator: "tcg" },
    probe: ({ architecture, boot }) => ({
      program: `/usr/bin/qemu-system-${architecture}`,
      version: [7, 2, 22],
      sandbox: true,
      accelerator: "tcg",
      ...(boot.kind === "efi"
        ? {
          firmware: {
            code: "/usr/share/firmware/code.fd",
            vars: "/usr/share/firmware/vars.fd",
            codeFormat: "raw",
            varsFormat: "raw",
          },
        }
        : {}),
    }),
  },
  vfkit: {
    facts: { os: "darwin", architecture: "aarch64", cpus: 8, memoryBytes: 16 * 2 ** 30 },
    settings: {},
    probe: () => ({ program: "/opt/homebrew/bin/vfkit", version: [0, 6, 4], storeExists: false }),
  },
  krunkit: {
    facts: { os: "darwin", architecture: "aarch64", cpus: 8, memoryBytes: 16 * 2 ** 30 },
    settings: {},
    probe: () => ({ program: "/opt/homebrew/bin/krunkit", version: [1, 2, 1] }),
  },
};

const registry = createRegistry([]);
for (const name of registry.names("backend")) {
  Deno.test(`backend ${name} conforms`, async (t) => {
    const fixture = FIXTURES[name];
    assert.ok(fixture, `FIXTURES has no ${name}`);
    for (const check of backendChecks(await registry.backend(name), fixture)) {
      await t.step(check.name, async () => await check.run());
    }
  });
}
