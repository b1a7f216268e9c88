/** Small files that are there whole or not at all, also after SIGKILL or a power cut. */

/**
 * Writes a file under a temporary name beside `path`, flushed to the disk; returns that name.
 * The caller links or renames it. On failure nothing is left.
 */
export async function writeTemporary(
  path: string,
  text: string,
  mode: number,
): Promise<string> {
  const temporary = `${path}.${crypto.randomUUID()}.tmp`;
  const file = await Deno.open(temporary, { write: true, createNew: true, mode });
  try {
    const bytes = new TextEncoder().encode(text);
    for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
    await file.sync();
    return temporary;
  } catch (error) {
    await Deno.remove(temporary);
    throw error;
  } finally {
    file.close();
  }
}

/** Makes `path` hold `text`, replacing what was there. */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const temporary = await writeTemporary(path, text, mode);
  try {
    await Deno.rename(temporary, path);
  } catch (error) {
    await Deno.remove(temporary);
    throw error;
  }
}

/** The text of a file, undefined when there is none. */
export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
