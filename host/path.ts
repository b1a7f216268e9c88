/**
 * POSIX paths as text. Own, because `node:path` costs 8 ms at start and the hot commands need
 * three of its functions; cocoon runs on Linux and macOS only.
 */

/** Joins parts with single slashes; an absolute later part is not special. */
export function join(first: string, ...rest: string[]): string {
  let path = first;
  for (const part of rest) {
    if (part === "") continue;
    path = path.endsWith("/") || part.startsWith("/") ? path + part : `${path}/${part}`;
  }
  return path;
}

/** Everything before the last slash; `/` for a file in the root, `.` without a slash. */
export function dirname(path: string): string {
  const slash = path.lastIndexOf("/");
  if (slash < 0) return ".";
  return slash === 0 ? "/" : path.slice(0, slash);
}

/** Everything after the last slash. */
export function basename(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The path made absolute and without `.`, `..` and doubled slashes; links are not followed. */
export function absolute(path: string, cwd: string = Deno.cwd()): string {
  const kept: string[] = [];
  for (const part of (path.startsWith("/") ? path : `${cwd}/${path}`).split("/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") kept.pop();
    else kept.push(part);
  }
  return `/${kept.join("/")}`;
}
