/** Makes the command line of `ssh` for a machine. */
import { quoteShell } from "../host/shell.ts";
import { sshOptions, type SshTarget } from "./ssh_options.ts";

/** What is run, and how. */
export interface SshCommandOptions {
  /** Words of the remote command; none for a login shell. See {@linkcode remoteCommand}. */
  command?: readonly string[];
  /** A terminal for the command too (`-t`); a login shell has one where cocoon has. */
  tty?: boolean;
  /** Never asks anything, and takes nothing of the agent: for probes. */
  batch?: boolean;
  /**
   * More arguments of the user's for `ssh`, such as `-L 8080:localhost:80`. They come after ours,
   * and of an option that is given twice `ssh` takes the first.
   */
  extra?: readonly string[];
}

/** The whole command line, with `ssh` as its first word. */
export function sshCommand(
  target: SshTarget,
  options: SshCommandOptions = {},
): [string, ...string[]] {
  const { command = [] } = options;
  return [
    "ssh",
    ...sshOptions(target),
    ...(options.batch ? ["-o", "BatchMode=yes", "-o", "IdentityAgent=none"] : []),
    "-p",
    String(target.port),
    "-l",
    target.user,
    ...(options.tty ? ["-t"] : []),
    ...(options.extra ?? []),
    "--",
    target.host,
    ...(command.length > 0 ? [remoteCommand(command)] : []),
  ];
}

/**
 * The line that the guest's shell is given.
 *
 * `ssh` itself joins words by spaces, so that `sh -c 'echo $HOME'` would fall apart. Here several
 * words stay the words that they are, as with `docker exec`; a single word is a line of shell, so
 * that `cocoon ssh web -- 'ls | wc -l'` works too.
 */
export function remoteCommand(words: readonly string[]): string {
  const [only] = words;
  if (only !== undefined && words.length === 1) return only;
  return words.map(quoteShell).join(" ");
}
