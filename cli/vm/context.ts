import { selfCommand } from "../../host/self.ts";
import type { VmContext } from "../../vm/context.ts";
import type { Context } from "../context.ts";

/** What the verbs on machines need, opened from a command's context. */
export async function vmContext(context: Context): Promise<VmContext> {
  return {
    host: context.host,
    home: context.home(),
    store: await context.store(),
    self: selfCommand(),
  };
}
