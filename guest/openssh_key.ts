/**
 * Ed25519 keys in OpenSSH's formats, made with Web Crypto: no ssh-keygen is needed.
 * Sources: RFC 8709 (public key), PROTOCOL.key of OpenSSH (private key), RFC 4251 (encodings).
 */

/** A key pair as text. */
export interface SshKeyPair {
  /** `-----BEGIN OPENSSH PRIVATE KEY-----` and so on, not encrypted, with a last newline. */
  privateKey: string;
  /** `ssh-ed25519 AAAA... comment`, one line without a newline. */
  publicKey: string;
}

const KEY_TYPE = "ssh-ed25519";
const MAGIC = "openssh-key-v1\0";
const BEGIN = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END = "-----END OPENSSH PRIVATE KEY-----";

/** PKCS #8 of an Ed25519 key ends with its 32-byte seed (RFC 8410, section 7). */
const SEED_BYTES = 32;

/** The unencrypted part is padded to the block size of cipher `none`. */
const BLOCK_BYTES = 8;

/**
 * Makes a new key pair.
 * @param comment what `ssh-keygen -l` shows; no line break
 */
export async function makeSshKeyPair(comment: string): Promise<SshKeyPair> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new TypeError("Ed25519 gave a single key");
  const pkcs8 = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
  const seed = pkcs8.slice(-SEED_BYTES);
  return {
    privateKey: privateKeyText(seed, point, comment),
    publicKey: publicKeyLine(point, comment),
  };
}

/**
 * The public key line of an unencrypted Ed25519 private key, undefined for any other text (other
 * key types, encrypted keys, damaged files).
 */
export function publicKeyOf(privateKey: string): string | undefined {
  const body = new RegExp(`^${BEGIN}\\r?\\n([A-Za-z0-9+/=\\s]+)${END}\\s*$`).exec(privateKey)?.[1];
  if (body === undefined) return undefined;
  try {
    const reader = new Reader(
      Uint8Array.from(atob(body.replace(/\s/g, "")), (c) => c.charCodeAt(0)),
    );
    if (reader.take(MAGIC.length) !== MAGIC) return undefined;
    if (reader.string() !== "none" || reader.string() !== "none") return undefined;
    reader.string(); // options of the key derivation
    if (reader.uint32() !== 1) return undefined;
    reader.string(); // the public key, once more inside:
    const secret = new Reader(latin1(reader.string()));
    const check = secret.uint32();
    if (check !== secret.uint32()) return undefined;
    if (secret.string() !== KEY_TYPE) return undefined;
    const point = latin1(secret.string());
    if (point.length !== 32 || secret.string().length !== 64) return undefined;
    return publicKeyLine(point, new TextDecoder().decode(latin1(secret.string())));
  } catch {
    return undefined; // cut short, or not base64
  }
}

function publicKeyLine(point: Uint8Array, comment: string): string {
  return `${KEY_TYPE} ${base64(publicBlob(point))} ${comment}`.trimEnd();
}

function publicBlob(point: Uint8Array): Uint8Array {
  return concat(string(KEY_TYPE), string(point));
}

function privateKeyText(seed: Uint8Array, point: Uint8Array, comment: string): string {
  // The same random number twice: how a reader of an encrypted key sees a wrong passphrase.
  const check = crypto.getRandomValues(new Uint8Array(4));
  const secret = concat(
    check,
    check,
    string(KEY_TYPE),
    string(point),
    string(concat(seed, point)),
    string(comment),
  );
  const padding = Uint8Array.from(
    { length: (BLOCK_BYTES - secret.length % BLOCK_BYTES) % BLOCK_BYTES },
    (_, i) => i + 1,
  );
  const body = base64(concat(
    new TextEncoder().encode(MAGIC),
    string("none"), // cipher
    string("none"), // key derivation
    string(""), // its options
    uint32(1), // number of keys
    string(publicBlob(point)),
    string(concat(secret, padding)),
  ));
  return `${BEGIN}\n${body.replace(/.{1,70}/g, "$&\n")}${END}\n`;
}

function uint32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value);
  return bytes;
}

/** RFC 4251's `string`: length, bytes. */
function string(value: string | Uint8Array): Uint8Array {
  const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
  return concat(uint32(bytes.length), bytes);
}

function concat(...parts: Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (c) => c.charCodeAt(0));
}

/** Reads RFC 4251's types; bytes come as a string of one character each. */
class Reader {
  #at = 0;
  constructor(readonly bytes: Uint8Array) {}

  take(length: number): string {
    const end = this.#at + length;
    if (end > this.bytes.length) throw new RangeError("cut short");
    const taken = this.bytes.subarray(this.#at, end);
    this.#at = end;
    return Array.from(taken, (byte) => String.fromCharCode(byte)).join("");
  }

  uint32(): number {
    return new DataView(latin1(this.take(4)).buffer).getUint32(0);
  }

  string(): string {
    return this.take(this.uint32());
  }
}
