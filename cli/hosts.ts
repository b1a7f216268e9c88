import { isActive } from "../state/machine_record.ts";
import { reconcile } from "../vm/reconcile.ts";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { vmContext } from "./vm/context.ts";

/** `cocoon hosts` */
export const command = defineCommand({
  description:
    "Prints `ADDRESS NAME` for each running machine that has an address which this computer\n" +
    "reaches, as lines for a hosts file. Changes nothing.",
  parameters: {},
  async run(context: Context) {
    const vm = await vmContext(context);
    let hidden = 0;
    for (const found of vm.store.machines.list()) {
      const record = await reconcile(vm, found, { lockHeld: false });
      if (record === undefined || !isActive(record.state)) continue;
      const { addressesOf } = await import("../vm/address.ts");
      const ip = (await addressesOf(vm, record)).find((address) => address.ip !== undefined)?.ip;
      if (ip === undefined) hidden++;
      else context.stdout(`${ip}\t${record.name}\n`);
    }
    if (hidden > 0 && context.isTerminal.stderr) {
      context.stderr(`${hidden} running without an address of its own: cocoon vm list\n`);
    }
  },
});
