/** What the guest is told at its first boot, from the flags. */
import { CocoonError } from "../../errors/error.ts";
import { unreadable } from "../../errors/file_error.ts";
import { isPublicKeyLine } from "../../guest/ssh_keys.ts";
import { readUserData } from "../../guest/user_data.ts";
import type { SeedWish } from "../../vm/seed.ts";
import type { CreateFlags } from "./create_flags.ts";

/**
 * Without cocoon's own key, which is made with the first machine.
 * @throws {CocoonError} for a file that cannot be read or is not what it should be
 */
export async function seedWish(flags: CreateFlags): Promise<SeedWish> {
  return {
    authorizedKeys: (flags.sshKey ?? []).flatMap(readPublicKeys),
    ...(flags.password === undefined ? {} : { password: flags.password }),
    ...(flags.userData === undefined ? {} : { userData: await readUserData(flags.userData) }),
  };
}

function readPublicKeys(path: string): string[] {
  let text: string;
  try {
    text = Deno.readTextFileSync(path);
  } catch (cause) {
    throw unreadable(`--ssh-key ${path}`, cause);
  }
  const lines = text.split("\n").map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  const wrong = lines.findIndex((line) => !isPublicKeyLine(line));
  if (wrong >= 0 || lines.length === 0) {
    throw new CocoonError("usage", `--ssh-key ${path}: not a public key of OpenSSH`, {
      hint: "Give the .pub file of a key pair.",
    });
  }
  return lines;
}
