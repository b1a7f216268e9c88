import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import { cniLab, noPlugins } from "../../network/cni/testing.ts";
import { playedMac, PROGRAM } from "../../network/vmnet_helper/testing.ts";
import { createRegistry } from "../../plugins/registry.ts";
import { noOwnNetwork, ownNetwork } from "../support/own_network.ts";
import { networkChecks, type NetworkFixture } from "./network.ts";

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A fixture that must be made and removed, where this computer can have it. */
interface MadeFixture {
  /** Why it can't be had; undefined where it can. */
  unavailable: string | undefined;
  make(stack: AsyncDisposableStack): Promise<NetworkFixture>;
}

/** What every built-in provider is tried with; a new one has its entry here. */
const FIXTURES: Readonly<Record<string, NetworkFixture | MadeFixture>> = {
  nat: { host: realHost(), settings: {}, freePort },
  // Any program will do: attaching starts nothing.
  gvproxy: { host: realHost(), settings: { program: Deno.execPath() }, freePort },
  // Attaching starts nothing but the questions for versions, which a played Mac answers.
  "vmnet-helper": { host: playedMac(), settings: { program: PROGRAM }, freePort },
  none: { host: realHost(), settings: {}, freePort },
  cni: {
    unavailable: noPlugins(),
    async make(stack) {
      const { network: { host }, settings } = stack.use(await cniLab());
      return { host, settings, freePort };
    },
  },
  bridge: {
    unavailable: noOwnNetwork(),
    async make(stack) {
      const { host, run } = stack.use(await ownNetwork());
      await run("ip", "link", "add", "name", "br7", "type", "bridge");
      return { host, settings: { bridge: "br7" }, freePort };
    },
  },
};

const registry = createRegistry([]);
for (const name of registry.names("network")) {
  const entry = FIXTURES[name];
  Deno.test({
    name: `network provider ${name} conforms`,
    ignore: entry !== undefined && "unavailable" in entry && entry.unavailable !== undefined,
    async fn(t) {
      assert.ok(entry, `FIXTURES has no ${name}`);
      await using stack = new AsyncDisposableStack();
      const fixture = "make" in entry ? await entry.make(stack) : entry;
      for (const check of networkChecks(await registry.network(name), fixture)) {
        await t.step(check.name, async () => await check.run());
      }
    },
  });
}
