/** What could be known before a start to keep a machine from ever starting: said at create. */
import { CocoonError, joinErrors } from "../errors/error.ts";
import type { Backend, Machine } from "../plugins/contract.ts";
import type { MachineRecord } from "../state/machine_record.ts";
import type { VmContext } from "./context.ts";
import { dirsOf, previewForwards } from "./plan.ts";

/** @throws {CocoonError} everything that the backend could never be told of the machine */
export function refuseUnplannable(
  context: Pick<VmContext, "home">,
  backend: Backend,
  machine: Machine,
): void {
  const found = backend.refusals?.(machine, dirsOf(context, machine.id)) ?? [];
  if (found.length > 0) throw joinErrors(found);
}

/**
 * Ports that another machine of this home has, also while it is off, or that a program holds now.
 * They are reserved at the first start, not yet.
 * @throws {CocoonError} `conflict`; `host-lacks` for a port that needs a privilege, `usage` for an
 *   address that this computer does not have
 */
export async function refusePorts(
  context: VmContext,
  record: MachineRecord,
  signal: AbortSignal,
): Promise<void> {
  try {
    await previewForwards(context, record, signal);
  } catch (cause) {
    if (!(cause instanceof CocoonError)) throw cause;
    throw new CocoonError(cause.code, `machine "${record.name}": ${cause.message}`, {
      ...(cause.hint === undefined ? {} : { hint: cause.hint }),
      cause,
    });
  }
}
