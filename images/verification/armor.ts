import { CocoonError } from "../../errors/error.ts";

const BLOCK =
  /-----BEGIN PGP PUBLIC KEY BLOCK-----\r?\n([\s\S]*?)-----END PGP PUBLIC KEY BLOCK-----/g;

/**
 * Public keys as GnuPG's tools take them for a keyring: the packets themselves, one key after the
 * other. Keys come in that form, or in ASCII armor (RFC 9580, section 6.2), of which there may be
 * several blocks with text around them.
 * @throws {CocoonError} `failed` for what holds no public key
 */
export function keyPackets(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  // The first bit of every packet is set (RFC 9580, section 4.2); armor is ASCII.
  if ((bytes[0] ?? 0) & 0x80) return new Uint8Array(bytes);
  const text = new TextDecoder().decode(bytes);
  const blocks = [...text.matchAll(BLOCK)].map(([, block = ""]) => packetsOf(block));
  if (blocks.length === 0) throw new CocoonError("failed", "it holds no OpenPGP public key");
  return concatenate(blocks);
}

/** All the parts, one after the other. */
export function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

/** Headers end with an empty line; the checksum line (`=XXXX`) is of no use against tampering. */
function packetsOf(block: string): Uint8Array {
  const lines = block.split(/\r?\n/);
  const body = lines.slice(lines.findIndex((line) => line.trim() === "") + 1)
    .filter((line) => !line.startsWith("=")).join("");
  try {
    return Uint8Array.fromBase64(body.trim());
  } catch (cause) {
    throw new CocoonError("failed", "its OpenPGP armor is damaged", { cause });
  }
}
