/** Reads the table of contents that `deno compile` prints. */
import { filesBelow } from "./test_files.ts";

/**
 * The files of the tree under "Embedded Files", sorted.
 *
 * A folder that is embedded whole is printed as `folder/*`; its files are looked up below `root`.
 * A folder that is not there (npm packages have one of Deno's own) stays `folder/*`.
 */
export function embeddedFiles(output: string, root: string): string[] {
  const tree = output.slice(output.indexOf("Embedded Files"));
  const files: string[] = [];
  const path: string[] = [];
  for (const line of tree.split("\n")) {
    // Two characters a level, then a branch, a name, and a size such as "(1.2KB - 1KB unique)".
    const match = /^((?:│ | {2})*)[├└]─([─┬]) (.+?)(?: \([\d.]+[KMG]?B.*\))?$/.exec(line);
    if (match === null) continue;
    const [, indent = "", branch, name = ""] = match;
    path.length = indent.length / 2;
    path.push(name);
    if (branch === "┬") continue;
    const whole = path.join("/");
    if (whole.endsWith("/*")) files.push(...filesOf(whole.slice(0, -2), root));
    else files.push(whole);
  }
  return files.sort();
}

function filesOf(folder: string, root: string): string[] {
  try {
    return filesBelow(`${root}/${folder}`, () => true).map((file) => `${folder}/${file}`);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [`${folder}/*`];
    throw error;
  }
}
