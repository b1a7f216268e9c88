import { CocoonError } from "../../errors/error.ts";
import type { PortForward } from "../../plugins/contract.ts";
import { parseForward } from "../../plugins/port_forward.ts";
import { findMachine } from "../../vm/find.ts";
import { changeForwards } from "../../vm/forward.ts";
import { machineArgument, repeatedFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { vmContext } from "./context.ts";

interface Flags {
  add?: readonly PortForward[];
  remove?: readonly PortForward[];
}

/** `cocoon vm forward` */
export const command = defineCommand({
  description:
    "Opens and closes ports of this computer that lead into a running guest. What is opened so\n" +
    "lasts until the machine is stopped; --publish of create and run is for good.",
  parameters: {
    flags: {
      add: repeatedFlag("Open [ADDRESS:]PORT:GUESTPORT[/udp]", "FORWARD", parseForward),
      remove: repeatedFlag("Close it, before any is opened", "FORWARD", parseForward),
    },
    positional: { kind: "tuple", parameters: [machineArgument] },
  },
  async run(context: Context, { add = [], remove = [] }: Flags, reference: string) {
    const changes = [
      ...remove.map((forward) => ({ kind: "remove" as const, forward })),
      ...add.map((forward) => ({ kind: "add" as const, forward })),
    ];
    if (changes.length === 0) {
      throw new CocoonError("usage", "nothing to do: neither --add nor --remove is given", {
        hint: `For example: cocoon vm forward ${reference} --add 8080:80`,
      });
    }
    const vm = await vmContext(context);
    await changeForwards(vm, findMachine(vm.store, reference), changes, context.signal);
  },
});
