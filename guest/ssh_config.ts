/** The file that `~/.ssh/config` can include, so that `ssh NAME` reaches a machine. */
import { identityOptions, type SshTarget } from "./ssh_options.ts";

/** A machine that can be reached. */
export interface NamedTarget extends SshTarget {
  /** Its name, which has no character that means something in a pattern of `Host`. */
  name: string;
}

/**
 * The text of the file. Unlike `cocoon vm ssh`, it leaves everything to the user's own settings
 * that has nothing to do with who the machine is.
 */
export function sshConfigText(targets: readonly NamedTarget[]): string {
  const blocks = targets.map((target) => {
    const options: Record<string, string> = {
      HostName: target.host,
      Port: String(target.port),
      User: target.user,
      ...identityOptions(target),
    };
    const lines = Object.entries(options).map(([name, value]) => `  ${name} ${value}\n`);
    return `\nHost ${target.name}\n${lines.join("")}`;
  });
  return `# Kept by cocoon: the machines that run. Changes made here are lost.\n${blocks.join("")}`;
}

/**
 * The line of `~/.ssh/config` that includes the file.
 * @param userHome the user's home; a file below it is named from there, as people do
 */
export function includeLine(path: string, userHome: string): string {
  const short = path.startsWith(`${userHome}/`) ? `~${path.slice(userHome.length)}` : path;
  return `Include ${/\s/.test(short) ? `"${short}"` : short}`;
}

/** Whether a `~/.ssh/config` with this text includes the file; patterns are not followed. */
export function includes(text: string, path: string, userHome: string): boolean {
  return text.split("\n").some((line) => {
    const [, values] = /^\s*include(?:\s+|\s*=\s*)(.*)$/i.exec(line) ?? [];
    const words = values?.match(/"[^"]*"|\S+/g) ?? [];
    return words.some((word) => {
      const bare = word.replace(/^"|"$/g, "");
      const full = bare.startsWith("~/")
        ? `${userHome}${bare.slice(1)}`
        : bare.startsWith("/")
        ? bare
        : `${userHome}/.ssh/${bare}`;
      return full === path;
    });
  });
}
