/**
 * Keeps `ssh/config` of the home in step with the machines that run, for `ssh NAME`. A convenience:
 * no verb and no supervisor fails because of it.
 */
import { messageOf } from "../errors/error.ts";
import { readIfPresent, replaceFile } from "../guest/atomic_file.ts";
import { knownHostsLine } from "../guest/known_hosts.ts";
import { type NamedTarget, sshConfigText } from "../guest/ssh_config.ts";
import { ensureUserKey } from "../guest/ssh_keys.ts";
import { FileLock } from "../state/locks.ts";
import { isActive } from "../state/machine_record.ts";
import { knownSshAddress } from "./address.ts";
import type { VmContext } from "./context.ts";

/** Milliseconds that one writer waits for another. */
const LOCK_TIMEOUT_MS = 5_000;

/**
 * Writes the file anew if a machine has come, gone or moved. Each writer reads the store after it
 * has the lock, so the last one leaves the latest. Never rejects.
 */
export async function refreshNames(context: VmContext): Promise<void> {
  try {
    await Deno.mkdir(context.home.sshDir, { recursive: true, mode: 0o700 });
    using lock = await FileLock.take(context.home.sshConfigLockPath, LOCK_TIMEOUT_MS);
    if (lock !== undefined) await write(context);
  } catch (error) {
    // In a supervisor, this is its log.
    console.error(`${context.home.sshConfigPath}: ${messageOf(error)}`);
  }
}

async function write(context: VmContext): Promise<void> {
  const { home, store } = context;
  const targets: NamedTarget[] = [];
  const knownHosts: string[] = [];
  for (const record of store.machines.list()) {
    if (!isActive(record.state)) continue;
    const address = await knownSshAddress(context, record).catch(() => undefined);
    if (address === undefined) continue;
    const { privateKeyPath: keyPath } = await ensureUserKey(home.sshDir);
    knownHosts.push(knownHostsLine(record.id, record.hostPublicKey));
    targets.push({
      name: record.name,
      machineId: record.id,
      ...address,
      user: record.spec.user,
      keyPath,
      knownHostsPath: home.sshKnownHostsPath,
    });
  }
  // First the keys: a machine in the other file is known by them.
  await replaceIfOther(home.sshKnownHostsPath, knownHosts.join(""));
  await replaceIfOther(home.sshConfigPath, sshConfigText(targets));
}

async function replaceIfOther(path: string, text: string): Promise<void> {
  if (await readIfPresent(path) !== text) await replaceFile(path, text, 0o600);
}
