import { join } from "../../host/path.ts";
import { isActive } from "../../state/machine_record.ts";
import { addressesOf } from "../../vm/address.ts";
import { findMachine } from "../../vm/find.ts";
import { reconcile } from "../../vm/reconcile.ts";
import { askStatus } from "../../vm/supervisor/status.ts";
import { machineArgument, OUTPUT_ALIAS, type OutputFlag, outputFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { printFacts } from "../output.ts";
import { vmContext } from "./context.ts";
import { addressText, machineJson, stateText } from "./view.ts";

/** `cocoon vm inspect` */
export const command = defineCommand({
  description: "Shows everything that is known of one machine; --output json has more of it.",
  parameters: {
    flags: { ...outputFlag },
    aliases: { ...OUTPUT_ALIAS },
    positional: { kind: "tuple", parameters: [machineArgument] },
  },
  async run(context: Context, flags: OutputFlag, reference: string) {
    const vm = await vmContext(context);
    const found = findMachine(vm.store, reference);
    const record = await reconcile(vm, found, { lockHeld: false }) ?? found;
    const addresses = await addressesOf(vm, record);
    const supervisor = isActive(record.state)
      ? await askStatus(join(vm.home.runDir(record.id), "supervisor.sock"))
      : undefined;
    const json = { ...machineJson(record, addresses), supervisor: supervisor ?? null };
    const { formatSize } = await import("../../config/size.ts");
    printFacts(context, flags.output, json, [
      ["name", record.name],
      ["id", record.id],
      ["state", stateText(record)],
      ...(record.lastError === undefined ? [] : [["error", record.lastError] as const]),
      ["image", record.spec.image ?? "-"],
      ["backend", record.spec.backend],
      ["architecture", record.machine.architecture],
      ["cpus", String(record.machine.cpus)],
      ["memory", formatSize(record.machine.memoryBytes)],
      ...record.machine.disks.map((disk) => [`disk ${disk.serial}`, disk.path] as const),
      ...record.machine.nics.map((nic) =>
        [`network ${nic.index}`, `${nic.network} ${nic.mac}`] as const
      ),
      // One that is off keeps its place, but nobody answers there.
      ["ssh", addressText(isActive(record.state) ? addresses : [])],
      ["consoles", supervisor === undefined ? "-" : `${supervisor.terminals} attached`],
      ["user", record.spec.user],
      ["restart", record.spec.restart],
      ["created", record.createdAt],
      ["started", record.startedAt ?? "-"],
      ["stopped", record.stoppedAt ?? "-"],
    ]);
  },
});
