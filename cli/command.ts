// Types only: the parser itself is loaded when there are words to be parsed.
import type {
  BaseArgs,
  buildCommand,
  Command,
  CommandContext,
  FlagParametersForType,
  TypedCommandParameters,
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

/** What a command does once its flags and arguments are known. */
export type Body = (context: Context) => number | void | Promise<number | void>;

/** A verb, as the command line runs it. */
export interface CommandDefinition {
  /**
   * Gives the command to the parser, with its line of the list of routes.
   * @param builder `buildCommand` of the parser
   */
  build(builder: typeof buildCommand, brief: string): Command<Frame>;
  /**
   * What the command does when nothing stands behind its name, found without the parser, which
   * costs 5 ms; undefined when something has to stand there, or the parser must say what it means.
   */
  bare(): Body | undefined;
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
  // The flags of FLAGS and those of GlobalFlags together are those of their intersection; the
  // compiler cannot follow that through the parser's conditional types.
  const parameters = {
    ...spec.parameters,
    flags: { ...spec.parameters.flags, ...GLOBAL_FLAGS },
  } as unknown as TypedCommandParameters<FLAGS & GlobalFlags, ARGS, Frame>;
  return {
    build: (builder, brief) =>
      builder<FLAGS & GlobalFlags, ARGS, Frame>({
        docs: {
          brief,
          ...(spec.description === undefined
            ? {}
            : { fullDescription: `${brief}\n\n${spec.description}` }),
        },
        parameters,
        async func(flags, ...args) {
          await this.execute(flags, (context) => spec.run(context, flags, ...args));
        },
      }),
    bare() {
      if (spec.parameters.positional !== undefined) return undefined;
      const flags = unsetFlags(parameters.flags ?? {});
      if (flags === undefined) return undefined;
      // Every flag of FLAGS has the value that it has when it is not given. Without `positional`
      // ARGS is empty.
      const run = spec.run as unknown as (context: Context, flags: FLAGS) => ReturnType<Body>;
      return (context) => run(context, flags as FLAGS);
    },
  };
}

/** What a flag says of the case that it is not given. */
interface UnsetFlag {
  kind: string;
  optional?: boolean;
  default?: unknown;
}

/** The values of flags none of which is given; undefined when one must be given, or parsed. */
function unsetFlags(flags: Record<string, UnsetFlag>): Record<string, unknown> | undefined {
  const values: Record<string, unknown> = {};
  for (const [name, flag] of Object.entries(flags)) {
    if (flag.default === undefined ? flag.optional !== true : flag.kind === "parsed") {
      return undefined;
    }
    values[name] = flag.default;
  }
  return values;
}
