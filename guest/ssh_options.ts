/** How cocoon calls `ssh` and `scp`: which key, whose host, and nothing of the user's own set-up. */
import { CocoonError } from "../errors/error.ts";
import { hostKeyAlias } from "./known_hosts.ts";

/** Where and as whom to log in. */
export interface SshTarget {
  machineId: string;
  /** Address that this computer reaches, IPv4 or IPv6 without brackets. */
  host: string;
  port: number;
  user: string;
  /** Absolute path of our private key. */
  keyPath: string;
  /** Absolute path of the file that `writeKnownHosts()` made. */
  knownHostsPath: string;
  /** Whole seconds for the TCP connection and the server's banner. @default {10} */
  connectTimeoutSeconds?: number;
}

/**
 * How a machine is known, whoever calls `ssh`: only our key is offered, and only the host key that
 * the guest was given is accepted, whichever address it has now.
 * @throws {CocoonError} `usage` for a path that ssh cannot be given
 */
export function identityOptions(
  target: Pick<SshTarget, "machineId" | "keyPath" | "knownHostsPath">,
): Record<string, string> {
  return {
    IdentityFile: optionPath(target.keyPath),
    IdentitiesOnly: "yes",
    UserKnownHostsFile: optionPath(target.knownHostsPath),
    GlobalKnownHostsFile: "/dev/null",
    HostKeyAlias: hostKeyAlias(target.machineId),
    HostKeyAlgorithms: "ssh-ed25519",
    StrictHostKeyChecking: "yes",
    // A new key of the server is not learnt: the file is ours alone.
    UpdateHostKeys: "no",
    CheckHostIP: "no",
  };
}

/**
 * Options that `ssh` and `scp` share. No configuration file is read (`-F none`): a `ProxyJump` or
 * `ControlMaster` for `*` is meant for other hosts.
 */
export function sshOptions(target: SshTarget): string[] {
  const options: Record<string, string> = {
    ...identityOptions(target),
    PasswordAuthentication: "no",
    KbdInteractiveAuthentication: "no",
    LogLevel: "ERROR",
    ConnectTimeout: String(target.connectTimeoutSeconds ?? 10),
    ServerAliveInterval: "15",
  };
  return [
    "-F",
    "none",
    ...Object.entries(options).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
  ];
}

/**
 * A path as the value of an option: quoted, as spaces divide values; `%` doubled, as it begins a
 * token (ssh_config(5), "TOKENS"). There is no way to write `${`, which names a variable, nor a
 * quote or a line break that all versions read alike.
 */
function optionPath(path: string): string {
  if (/["\\\n\r]|\$\{/.test(path)) {
    throw new CocoonError(
      "usage",
      `${path}: ssh cannot be given a path with ", \\, \${ or a line break`,
      {
        hint: "Set COCOON_HOME to a folder with a plainer path.",
      },
    );
  }
  return `"${path.replaceAll("%", "%%")}"`;
}
