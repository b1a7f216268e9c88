/** UEFI firmware and the template of its variable store, as Debian's packages have them. */

/** Files of one architecture. */
export interface Firmware {
  code: string;
  variables: string;
}

export function firmwareOf(appleSilicon: boolean): Firmware {
  return appleSilicon
    ? { code: "/usr/share/AAVMF/AAVMF_CODE.fd", variables: "/usr/share/AAVMF/AAVMF_VARS.fd" }
    : { code: "/usr/share/OVMF/OVMF_CODE_4M.fd", variables: "/usr/share/OVMF/OVMF_VARS_4M.fd" };
}

/** Size of a store that no guest will read. */
const PLAIN_STORE_BYTES = 128 * 1024;

/**
 * Makes an empty variable store, over whatever was there. The template's tail of zeros becomes a
 * hole: on arm64 the store has 64 MiB.
 * @throws {Deno.errors} for a path that cannot be written
 */
export function writeVariableStore(path: string, firmware: Firmware | undefined): void {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  if (firmware === undefined) return file.truncateSync(PLAIN_STORE_BYTES);
  const template = Deno.readFileSync(firmware.variables);
  let used = template.length;
  while (used > 0 && template[used - 1] === 0) used--;
  for (let at = 0; at < used;) at += file.writeSync(template.subarray(at, used));
  file.truncateSync(template.length);
}
