/** The keys that cocoon makes: one for the user, kept in the home, and one for each machine's host. */
import { CocoonError, messageOf } from "../errors/error.ts";
import { join } from "../host/path.ts";
import { readIfPresent, replaceFile, writeTemporary } from "./atomic_file.ts";
import { makeSshKeyPair, publicKeyOf, type SshKeyPair } from "./openssh_key.ts";

export type { SshKeyPair } from "./openssh_key.ts";

/** The user's key as `ssh` and a seed need it. */
export interface UserKey {
  privateKeyPath: string;
  /** One line of `authorized_keys`. */
  publicKey: string;
}

/** Makes the host key of a new machine. */
export function makeHostKey(): Promise<SshKeyPair> {
  return makeSshKeyPair("cocoon-host");
}

/**
 * The key in `sshDir/id_ed25519`, made when there is none. A key that the user put there stays;
 * keys outside of `sshDir` are never looked at.
 *
 * May run in several processes at once, and may be killed at any point: the private key appears
 * whole or not at all (by a hard link, which never replaces a file), and all callers get the one
 * that is there. The public file is written again from it when it is missing or wrong.
 *
 * @param sshDir absolute; made with mode 0700 if absent
 * @throws {CocoonError} `failed` when it cannot be written, or holds something that is no key
 */
export async function ensureUserKey(sshDir: string): Promise<UserKey> {
  const path = join(sshDir, "id_ed25519");
  const publicPath = `${path}.pub`;
  try {
    await Deno.mkdir(sshDir, { recursive: true, mode: 0o700 });
    const text = await readIfPresent(path) ?? await makeOnce(path);
    // ssh refuses a private key that others can read.
    if (((await Deno.stat(path)).mode ?? 0) & 0o077) await Deno.chmod(path, 0o600);
    const present = (await readIfPresent(publicPath))?.trim();
    const derived = publicKeyOf(text);
    // A key of another type or with a passphrase is the user's own; its .pub file speaks for it.
    const publicKey = derived ?? present;
    if (publicKey === undefined || !isPublicKeyLine(publicKey)) {
      throw new CocoonError("failed", `${path}: not a private key that cocoon can read`, {
        hint: `Put its public key into ${publicPath}, or move ${path} away: a new one is made.`,
      });
    }
    if (present !== publicKey) await replaceFile(publicPath, `${publicKey}\n`, 0o644);
    return { privateKeyPath: path, publicKey };
  } catch (cause) {
    if (cause instanceof CocoonError) throw cause;
    throw new CocoonError("failed", `SSH key ${path}: ${messageOf(cause)}`, { cause });
  }
}

/** True for one line of `authorized_keys`' key part: type, base64, perhaps a comment. */
export function isPublicKeyLine(line: string): boolean {
  const match = /^((?:ssh|ecdsa|sk)-[A-Za-z0-9@.-]+) ([A-Za-z0-9+/]{40,}={0,2})(?: [^\n\r]*)?$/
    .exec(line);
  if (match === null) return false;
  const [, type = "", body = ""] = match;
  try {
    // The blob begins with the type's name again (RFC 4253, section 6.6).
    return atob(body).slice(4, 4 + type.length) === type;
  } catch {
    return false;
  }
}

async function makeOnce(path: string): Promise<string> {
  const { privateKey } = await makeSshKeyPair("cocoon");
  const temporary = await writeTemporary(path, privateKey, 0o600);
  try {
    await Deno.link(temporary, path);
    return privateKey;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return await Deno.readTextFile(path);
    throw error;
  } finally {
    await Deno.remove(temporary);
  }
}
