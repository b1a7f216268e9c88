import {
  type BaseArgs,
  buildCommand,
  type Command,
  type CommandContext,
  type FlagParametersForType,
  type TypedCommandParameters,
} from "@stricli/core";
import type { Context, GlobalFlags } from "./context.ts";

/** What the parser hands through to a command; `this` of parsers and of completions. */
export interface Frame extends CommandContext {
  /** For completions, which run before any flag is parsed. */
  context: Context;
  /** Runs the body of a command with the global flags that were parsed. */
  execute(globals: GlobalFlags, body: (context: Context) => unknown): Promise<void>;
}

/** One verb, as its file declares it. */
export interface CommandSpec<
  FLAGS extends Readonly<Partial<Record<keyof FLAGS, unknown>>>,
  ARGS extends BaseArgs,
> {
  /** Shown by `--help` below the verb's line in the list of routes; lines of at most 80 columns. */
  description?: string;
  /** Flags, aliases and positionals in the parser's notation; see `cli/arguments.ts`. */
  parameters: NoInfer<TypedCommandParameters<FLAGS, ARGS, Frame>>;
  /**
   * Does the work. A number is the exit status; without one it is 0. Failures are thrown, as
   * `CocoonError`. Annotate all parameters, or FLAGS cannot be inferred.
   */
  run(
    context: Context,
    flags: FLAGS,
    ...args: ARGS
  ): number | void | Promise<number | void>;
}

/** A verb that can be given its line of the list of routes. */
export interface CommandDefinition {
  build(brief: string): Command<Frame>;
}

/** The flags of every command. */
export const GLOBAL_FLAGS: FlagParametersForType<GlobalFlags, Frame> = {
  home: {
    kind: "parsed",
    parse: String,
    optional: true,
    placeholder: "DIR",
    brief: "Folder of machines and images (else COCOON_HOME, else ~/.cocoon)",
  },
  config: {
    kind: "parsed",
    parse: String,
    optional: true,
    placeholder: "FILE",
    brief: "Configuration file (else COCOON_CONFIG, else config.toml in the home)",
  },
  debug: {
    kind: "boolean",
    default: false,
    withNegated: false,
    brief: "Print stacks and causes of errors",
  },
};

/** Declares a verb; its file exports the result as `command`. */
export function defineCommand<
  const FLAGS extends Readonly<Partial<Record<keyof FLAGS, unknown>>> = NonNullable<unknown>,
  const ARGS extends BaseArgs = [],
>(spec: CommandSpec<FLAGS, ARGS>): CommandDefinition {
  return {
    build: (brief) =>
      buildCommand<FLAGS & GlobalFlags, ARGS, Frame>({
        docs: {
          brief,
          ...(spec.description === undefined
            ? {}
            : { fullDescription: `${brief}\n\n${spec.description}` }),
        },
        // The flags of FLAGS and those of GlobalFlags together are those of their intersection;
        // the compiler cannot follow that through the parser's conditional types.
        parameters: {
          ...spec.parameters,
          flags: { ...spec.parameters.flags, ...GLOBAL_FLAGS },
        } as unknown as TypedCommandParameters<FLAGS & GlobalFlags, ARGS, Frame>,
        async func(flags, ...args) {
          await this.execute(flags, (context) => spec.run(context, flags, ...args));
        },
      }),
  };
}
