import { formatSize } from "../../config/size.ts";
import type { Address } from "../../plugins/contract.ts";
import { isActive, type MachineRecord } from "../../state/machine_record.ts";
import { reconcile } from "../../vm/reconcile.ts";
import { OUTPUT_ALIAS, type OutputFlag, outputFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { type Column, printList } from "../output.ts";
import { vmContext } from "./context.ts";
import { addressText, ageText, imageText, machineJson, stateText } from "./view.ts";

interface Row {
  record: MachineRecord;
  addresses: Address[];
}

/** `cocoon vm list` */
export const command = defineCommand({
  parameters: { flags: { ...outputFlag }, aliases: { ...OUTPUT_ALIAS } },
  async run(context: Context, flags: OutputFlag) {
    const vm = await vmContext(context);
    const rows: Row[] = [];
    for (const found of vm.store.machines.list()) {
      const record = await reconcile(vm, found, { lockHeld: false });
      if (record === undefined) continue;
      // Providers are loaded only when there is a machine to ask them about.
      const addresses = isActive(record.state)
        ? await (await import("../../vm/address.ts")).addressesOf(vm, record)
        : [];
      rows.push({ record, addresses });
    }
    const now = context.host.now();
    const columns: Column<Row>[] = [
      { header: "NAME", cell: ({ record }) => record.name },
      { header: "STATE", cell: ({ record }) => stateText(record) },
      { header: "CPUS", cell: ({ record }) => String(record.machine.cpus), align: "right" },
      {
        header: "MEMORY",
        cell: ({ record }) => formatSize(record.machine.memoryBytes),
        align: "right",
      },
      { header: "SSH", cell: ({ addresses }) => addressText(addresses) },
      { header: "IMAGE", cell: ({ record }) => imageText(record) },
      { header: "AGE", cell: ({ record }) => ageText(record.createdAt, now), align: "right" },
      { header: "ID", cell: ({ record }) => record.id },
    ];
    printList(
      context,
      flags.output,
      rows,
      columns,
      ({ record, addresses }) => machineJson(record, addresses),
    );
    if (rows.length === 0 && flags.output === "table" && context.isTerminal.stderr) {
      context.stderr("There are no machines yet. Make one: cocoon run IMAGE\n");
    }
  },
});
