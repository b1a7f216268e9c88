/** Names of accounts in guests, wherever they come from: a file, the environment or a flag. */

/** What `useradd` of all distributions takes (shadow-utils, useradd(8), CAVEATS). */
export const USER_NAME = /^[a-z_][a-z0-9_-]{0,31}$/;

/** What is wrong with a name that does not match {@linkcode USER_NAME}. */
export const USER_NAME_EXPECTED = "expected a user name of lower-case letters, digits, _ and -";
