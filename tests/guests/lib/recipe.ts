/** The path of a file URL; one of our own, so that it has no host and no drive. */
export function pathOf(url: URL): string {
  return decodeURIComponent(url.pathname);
}

/**
 * The sha256 of all that a guest is made of: the files below the given directories (tests aside)
 * and any further words, such as versions.
 *
 * @returns the first 16 hex digits
 */
export async function recipeHash(dirs: readonly URL[], words: readonly string[]): Promise<string> {
  const parts: string[] = [...words];
  for (const dir of dirs) {
    for (const path of (await filesBelow(pathOf(dir))).sort()) {
      const digest = await sha256(await Deno.readFile(`${pathOf(dir)}/${path}`));
      parts.push(`${path} ${digest}`);
    }
  }
  return (await sha256(new TextEncoder().encode(parts.join("\n")))).slice(0, 16);
}

async function filesBelow(dir: string, prefix = ""): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(`${dir}/${prefix}`)) {
    if (isDirectory) paths.push(...await filesBelow(dir, `${prefix}${name}/`));
    else if (!name.endsWith("_test.ts")) paths.push(`${prefix}${name}`);
  }
  return paths;
}

async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
