import { type CommandDefinition, defineCommand } from "../command.ts";
import type { Context } from "../context.ts";

/** A verb that prints a script. */
export function scriptCommand(script: string, description: string): CommandDefinition {
  return defineCommand({
    description,
    parameters: {},
    run: (context: Context) => context.stdout(script),
  });
}
