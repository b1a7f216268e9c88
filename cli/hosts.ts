import { isActive } from "../state/machine_record.ts";
import { reconcile } from "../vm/reconcile.ts";
import { OUTPUT_ALIAS, type OutputFlag, outputFlag } from "./arguments.ts";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { printJson } from "./output.ts";
import { vmContext } from "./vm/context.ts";

/** `cocoon hosts` */
export const command = defineCommand({
  description:
    "Prints `ADDRESS NAME` for each running machine that has an address which this computer\n" +
    "reaches, as lines for a hosts file. Changes nothing.",
  parameters: { flags: { ...outputFlag }, aliases: { ...OUTPUT_ALIAS } },
  async run(context: Context, { output }: OutputFlag) {
    const vm = await vmContext(context);
    const entries: { address: string; name: string; id: string }[] = [];
    let hidden = 0;
    for (const found of vm.store.machines.list()) {
      const record = await reconcile(vm, found, { lockHeld: false });
      if (record === undefined || !isActive(record.state)) continue;
      const { addressesOf } = await import("../vm/address.ts");
      const ip = (await addressesOf(vm, record)).find((address) => address.ip !== undefined)?.ip;
      if (ip === undefined) hidden++;
      else entries.push({ address: ip, name: record.name, id: record.id });
    }
    // A table would have a header, which is no line of a hosts file.
    if (output === "json") printJson(context, entries);
    else for (const { address, name } of entries) context.stdout(`${address}\t${name}\n`);
    if (hidden > 0 && output === "table" && context.isTerminal.stderr) {
      context.stderr(`${hidden} running without an address of its own: cocoon vm list\n`);
    }
  },
});
