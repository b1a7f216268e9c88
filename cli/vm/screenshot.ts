import { CocoonError } from "../../errors/error.ts";
import { absolute, dirname } from "../../host/path.ts";
import { quoteShell } from "../../host/shell.ts";
import { findMachine } from "../../vm/find.ts";
import { backendOf } from "../../vm/plugins.ts";
import { reconcile } from "../../vm/reconcile.ts";
import { machineArgument } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { vmContext } from "./context.ts";

/** The hypervisor would tell of a temporary file of its own. */
function requirePlace(path: string): void {
  const folder = dirname(path);
  if (!isFolder(folder)) {
    throw new CocoonError("not-found", `screenshot: ${folder}: no such folder`, {
      hint: `Make it: mkdir -p ${quoteShell(folder)}`,
    });
  }
  if (isFolder(path)) {
    throw new CocoonError("usage", `screenshot: ${path} is a folder`, {
      hint: "Name a file in it.",
    });
  }
}

function isFolder(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}

const TIMEOUT_MS = 10_000;

/** `cocoon vm screenshot` */
export const command = defineCommand({
  description: "Writes what the guest shows on its screen to a file, as PNG where the backend can.",
  parameters: {
    positional: {
      kind: "tuple",
      parameters: [
        machineArgument,
        { parse: (input: string) => input, placeholder: "FILE", brief: "Where to write it" },
      ],
    },
  },
  async run(context: Context, _flags: Record<never, never>, reference: string, file: string) {
    const path = absolute(file);
    requirePlace(path);
    const vm = await vmContext(context);
    const found = findMachine(vm.store, reference);
    const record = await reconcile(vm, found, { lockHeld: false }) ?? found;
    if (record.run === undefined) {
      throw new CocoonError("conflict", `machine "${record.name}" is ${record.state}, not running`);
    }
    const control = (await backendOf(record)).control(record.run.control);
    if (control.screenshot === undefined) {
      throw new CocoonError("usage", `backend "${record.spec.backend}" has no screenshots`);
    }
    await control.screenshot(path, TIMEOUT_MS);
  },
});
