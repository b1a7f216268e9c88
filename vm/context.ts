import type { Host } from "../plugins/contract.ts";
import type { Home } from "../state/home.ts";
import type { Store } from "../state/store.ts";

/** What every verb on machines needs. */
export interface VmContext {
  host: Host;
  home: Home;
  store: Store;
  /** The command that runs cocoon itself, without arguments; the supervisor is started with it. */
  self: readonly [string, ...string[]];
}
