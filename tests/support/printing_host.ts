/** A computer whose programs are played. */
import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import type { Host } from "../../plugins/contract.ts";

/** A computer whose programs print what the test says, by the first words of their command. */
export function hostThatPrints(outputs: Record<string, string>, os: Host["os"] = "darwin"): Host {
  return {
    ...realHost(),
    os,
    which: (program) => program,
    now: () => new Date(1_700_000_000_000),
    run: (argv) => {
      const found = Object.entries(outputs).find(([start]) => argv.join(" ").startsWith(start));
      assert.ok(found, `unexpected: ${argv.join(" ")}`);
      return Promise.resolve({ code: 0, stdout: found[1], stderr: "" });
    },
  };
}
