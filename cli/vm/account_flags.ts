/** Values of the flags that say who one is in a guest. */
import { USER_NAME, USER_NAME_EXPECTED } from "../../config/user_name.ts";
import { type ValueFlag, valueFlag } from "../arguments.ts";

/** A flag for the account that is made. */
export function newUserFlag(brief: string): ValueFlag<string> {
  return valueFlag(brief, "USER", (input) => {
    if (USER_NAME.test(input)) return input;
    throw new RangeError(`${USER_NAME_EXPECTED}, got ${JSON.stringify(input)}`);
  });
}

/**
 * A flag for an account that is there already: its names are the guest's affair, apart from what
 * no login can be asked for.
 */
export function loginUserFlag(brief: string): ValueFlag<string> {
  return valueFlag(brief, "USER", (input) => {
    // deno-lint-ignore no-control-regex -- control characters are what it looks for
    if (!/^$|^-|[\s\x00-\x1f\x7f]/.test(input)) return input;
    throw new RangeError(`expected the name of an account, got ${JSON.stringify(input)}`);
  });
}

/** A flag for a password. It is not shown when it is refused. */
export function passwordFlag(brief: string): ValueFlag<string> {
  return valueFlag(brief, "TEXT", (input) => {
    if (input === "") {
      throw new RangeError(
        "expected a password, got an empty text; without the flag there is none",
      );
    }
    // One line of `chpasswd` is one account: what follows a line break would be another one's.
    // deno-lint-ignore no-control-regex -- control characters are what it looks for
    if (/[\x00\n\r]/.test(input)) throw new RangeError("expected a password of one line");
    return input;
  });
}
