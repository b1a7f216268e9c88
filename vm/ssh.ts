import { CocoonError } from "../errors/error.ts";
import { writeKnownHosts } from "../guest/known_hosts.ts";
import type { SshTarget } from "../guest/ssh_options.ts";
import { ensureUserKey } from "../guest/ssh_keys.ts";
import { waitForSsh } from "../guest/ssh_probe.ts";
import { join } from "../host/path.ts";
import type { MachineRecord } from "../state/machine_record.ts";
import { knownSshAddress, sshAddressOf } from "./address.ts";
import type { VmContext } from "./context.ts";
import { isAlive } from "./liveness.ts";
import { refreshNames } from "./names.ts";

/**
 * Where and as whom to log in to a machine. Writes its known-hosts file anew each time, from the
 * key that the guest was given.
 * @throws {CocoonError} as `sshAddressOf`; `host-lacks` without an ssh program
 */
export async function sshTargetOf(
  context: VmContext,
  record: MachineRecord,
  user?: string,
): Promise<SshTarget> {
  requireSsh(context);
  const address = await sshAddressOf(context, record);
  const knownHostsPath = join(context.home.machineDir(record.id), "known_hosts");
  await writeKnownHosts(knownHostsPath, record.id, record.hostPublicKey);
  const key = await ensureUserKey(context.home.sshDir);
  return {
    machineId: record.id,
    ...address,
    user: user ?? record.spec.user,
    keyPath: key.privateKeyPath,
    knownHostsPath,
  };
}

/** Returns when one can log in to the machine; see `waitForSsh` for its errors. */
export async function waitForLogin(
  context: VmContext,
  record: MachineRecord,
  options: { timeoutMs: number; signal: AbortSignal },
): Promise<void> {
  // Says at once what no wait can change: there is no card, or no ssh.
  if (record.nicStates.every((state) => state === null)) await sshTargetOf(context, record);
  requireSsh(context);
  await waitForSsh(context.host, {
    machine: record.name,
    target: async () =>
      await knownSshAddress(context, record) && await sshTargetOf(context, record),
    ...options,
    stillRunning: () => Promise.resolve(isAlive(context.home, record.id)),
  });
  // An address that DHCP gave is known only now.
  await refreshNames(context);
}

function requireSsh(context: VmContext): void {
  if (context.host.which("ssh") !== undefined) return;
  throw new CocoonError("host-lacks", "ssh: program not found", {
    hint: "Install OpenSSH's client. Debian, Ubuntu: sudo apt install openssh-client",
  });
}
