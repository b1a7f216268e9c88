import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import { createRegistry } from "../../plugins/registry.ts";
import { networkChecks, type NetworkFixture } from "./network.ts";

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** What every built-in provider is tried with; a new one has its entry here. */
const FIXTURES: Readonly<Record<string, NetworkFixture>> = {
  nat: { host: realHost(), settings: {}, freePort },
  none: { host: realHost(), settings: {}, freePort },
};

const registry = createRegistry([]);
for (const name of registry.names("network")) {
  Deno.test(`network provider ${name} conforms`, async (t) => {
    const fixture = FIXTURES[name];
    assert.ok(fixture, `FIXTURES has no ${name}`);
    for (const check of networkChecks(await registry.network(name), fixture)) {
      await t.step(check.name, async () => await check.run());
    }
  });
}
