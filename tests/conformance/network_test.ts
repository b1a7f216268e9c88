import nat from "../../network/nat/mod.ts";
import none from "../../network/none/mod.ts";
import { realHost } from "../../host/host.ts";
import { registerChecks } from "./check.ts";
import { networkChecks, type NetworkFixture } from "./network.ts";

const fixture: NetworkFixture = {
  host: realHost(),
  settings: {},
  freePort() {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    return listener.addr.port;
  },
};

for (const provider of [nat, none]) {
  registerChecks(`network provider ${provider.name} conforms`, networkChecks(provider, fixture));
}
