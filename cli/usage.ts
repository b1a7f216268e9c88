import {
  AliasNotFoundError,
  ArgumentParseError,
  EnumValidationError,
  FlagNotFoundError,
  InvalidNegatedFlagSyntaxError,
  UnexpectedFlagError,
  UnexpectedPositionalError,
  UnsatisfiedFlagError,
  UnsatisfiedPositionalError,
} from "@stricli/core";
import { messageOf } from "../errors/error.ts";
import { didYouMean, suggest } from "../errors/suggest.ts";

/**
 * What is wrong with a command line, in cocoon's words; `error` is the parser's, `flags` are the
 * names that the command has for its flags in the code.
 */
export function usageMessage(error: unknown, flags: readonly string[]): string {
  if (error instanceof FlagNotFoundError) {
    // The parser's own proposals compare `--stop-timeuot` with `stopTimeout`.
    const near = suggest(error.input, [...flags.map(kebab), "help"]);
    return `unknown flag --${error.input}${near === undefined ? "" : ` (did you mean --${near}?)`}`;
  }
  if (error instanceof AliasNotFoundError) {
    return `unknown flag -${error.input} (put -- before words that are not for cocoon)`;
  }
  if (error instanceof ArgumentParseError) {
    const name = parameterName(error.externalFlagNameOrPlaceholder);
    // The parser's own words for a switch; all other values are read by parsers of ours.
    const noBoolean = /^Cannot convert .* to a boolean$/s.test(messageOf(error.exception));
    return noBoolean
      ? `${name}: expected true or false, got "${error.input}"`
      : `${name}: ${messageOf(error.exception)}`;
  }
  if (error instanceof EnumValidationError) {
    const values = error.values.join(", ");
    const near = didYouMean(error.input, error.values);
    return `--${error.externalFlagName}: expected one of ${values}, got "${error.input}"${near}`;
  }
  if (error instanceof UnsatisfiedFlagError) {
    const next = error.nextFlagName === undefined ? "" : `, found --${error.nextFlagName}`;
    return `--${error.externalFlagName}: a value is missing${next}`;
  }
  if (error instanceof UnexpectedFlagError) {
    return `--${error.externalFlagName}: given twice, "${error.previousInput}" and ` +
      `"${error.input}"`;
  }
  if (error instanceof InvalidNegatedFlagSyntaxError) {
    return `--${error.externalFlagName}: takes no value, got "${error.valueText}"`;
  }
  if (error instanceof UnexpectedPositionalError) return `unexpected argument "${error.input}"`;
  if (error instanceof UnsatisfiedPositionalError) return `${error.placeholder}: missing`;
  return messageOf(error);
}

/** Placeholders of arguments are upper case, names of flags are not. */
function parameterName(name: string): string {
  return name === name.toUpperCase() ? name : `--${name}`;
}

function kebab(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
