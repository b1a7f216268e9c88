import type { PortForward } from "../../plugins/contract.ts";
import { parseForward } from "../../plugins/port_forward.ts";
import { findMachine } from "../../vm/find.ts";
import { changeForwards, type OpenForward, openForwards } from "../../vm/forward.ts";
import {
  machineArgument,
  OUTPUT_ALIAS,
  type OutputFlag,
  outputFlag,
  repeatedFlag,
} from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { type Column, printList } from "../output.ts";
import { vmContext } from "./context.ts";

interface Flags extends OutputFlag {
  add?: readonly PortForward[];
  remove?: readonly PortForward[];
}

/** `cocoon vm forward` */
export const command = defineCommand({
  description:
    "Opens and closes ports of this computer that lead into a running guest; without --add and\n" +
    "--remove it lists those that are open. What is opened so lasts until the machine is\n" +
    "stopped; --publish of create and run is for good.",
  parameters: {
    flags: {
      add: repeatedFlag("Open [ADDRESS:]PORT:GUESTPORT[/udp]", "FORWARD", parseForward),
      remove: repeatedFlag("Close it, before any is opened", "FORWARD", parseForward),
      ...outputFlag,
    },
    aliases: { ...OUTPUT_ALIAS },
    positional: { kind: "tuple", parameters: [machineArgument] },
  },
  async run(context: Context, { add = [], remove = [], output }: Flags, reference: string) {
    const changes = [
      ...remove.map((forward) => ({ kind: "remove" as const, forward })),
      ...add.map((forward) => ({ kind: "add" as const, forward })),
    ];
    const vm = await vmContext(context);
    const machine = findMachine(vm.store, reference);
    const { signal } = context;
    if (changes.length > 0) await changeForwards(vm, machine, changes, signal);
    // What was asked for is silent when it is done, unless a program wants to read it.
    if (changes.length > 0 && output === "table") return;
    const columns: Column<OpenForward>[] = [
      { header: "NETWORK", cell: ({ network }) => network },
      { header: "PORT HERE", cell: ({ hostAddress: host, hostPort: port }) => `${host}:${port}` },
      { header: "GUEST PORT", cell: ({ guestPort }) => String(guestPort), align: "right" },
      { header: "PROTOCOL", cell: ({ protocol }) => protocol },
    ];
    printList(context, output, await openForwards(vm, machine, signal), columns);
  },
});
