/** Makes the command line of `scp` for a copy to or from a machine. */
import { CocoonError } from "../errors/error.ts";
import type { CopyRequest } from "./copy_path.ts";
import { sshOptions, type SshTarget } from "./ssh_options.ts";

/**
 * `sftp` needs an SFTP server in the guest, as OpenSSH has; `scp` needs the program `scp` in it,
 * for guests with another server.
 */
export type CopyProtocol = "sftp" | "scp";

/** How to copy. */
export interface ScpOptions {
  recursive: boolean;
  protocol: CopyProtocol;
  /** From {@linkcode opensshVersion}: the flags and the quoting differ. */
  client: OpensshVersion;
}

/** Version of the `ssh` here. */
export interface OpensshVersion {
  major: number;
  minor: number;
}

/** The version in the output of `ssh -V`, undefined when it is not OpenSSH's. */
export function opensshVersion(text: string): OpensshVersion | undefined {
  const match = /OpenSSH_(?:for_\w+_)?(\d+)\.(\d+)/.exec(text);
  return match ? { major: Number(match[1]), minor: Number(match[2]) } : undefined;
}

/** OpenSSH 8.7 brought SFTP and the choice (its release notes); before, `scp` knew one protocol. */
function canChoose({ major, minor }: OpensshVersion): boolean {
  return major > 8 || (major === 8 && minor >= 7);
}

/** The whole command line, with `scp` as its first word. Paths mean exactly themselves: no globs. */
export function scpCommand(
  target: SshTarget,
  request: CopyRequest,
  options: ScpOptions,
): [string, ...string[]] {
  const protocol = canChoose(options.client) ? options.protocol : "scp";
  const flag = canChoose(options.client) ? [protocol === "sftp" ? "-s" : "-O"] : [];
  const host = target.host.includes(":") ? `[${target.host}]` : target.host;
  const upload = request.direction === "to-machine";
  const remotePath = protocol === "sftp"
    ? sftpPath(request.remotePath, upload)
    : escapeForShell(remoteWord(request.remotePath));
  const remote = `${target.user}@${host}:${remotePath}`;
  const local = localWord(request.localPath);
  return [
    "scp",
    ...sshOptions(target),
    ...flag,
    ...(options.recursive ? ["-r"] : []),
    "-P",
    String(target.port),
    "--",
    ...(upload ? [local, remote] : [remote, local]),
  ];
}

/**
 * A word for the guest's shell, by backslashes: `scp` holds the names that come back against this
 * very text as a pattern, where a backslash means what it does to a shell, and a quote does not.
 * @throws {CocoonError} `usage` for a line break, which has no such spelling
 */
function escapeForShell(path: string): string {
  if (/[\n\r]/.test(path)) {
    throw new CocoonError("usage", `copy: ${JSON.stringify(path)} has a line break`, {
      hint: "Copy the folder that it is in, with -r.",
    });
  }
  return path.replace(/[^A-Za-z0-9_/.,:@%+=\u0080-\uffff-]/g, "\\$&");
}

/** SFTP goes through no shell, but `scp` expands `*` and the like in what it fetches. */
function sftpPath(path: string, upload: boolean): string {
  return upload ? path : path.replace(/[\\*?[\]{}]/g, "\\$&");
}

/** The remote `scp` would take a leading hyphen for an option. */
function remoteWord(path: string): string {
  return path.startsWith("-") ? `./${path}` : path;
}

/** `scp` would take a colon for the end of a host's name. */
function localWord(path: string): string {
  return path.startsWith("/") || path.startsWith("./") || path.startsWith("../")
    ? path
    : `./${path}`;
}
