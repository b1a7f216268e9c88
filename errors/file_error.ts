import { CocoonError, messageOf } from "./error.ts";

/**
 * What to tell of a file or folder of the user's that could not be read.
 * @param subject put in front, e.g. `--ssh-key /path`
 * @returns `not-found`, `usage` for a folder in a file's place, `host-lacks` without permission,
 *   else `failed`
 */
export function unreadable(
  subject: string,
  cause: unknown,
  wanted: "file" | "folder" = "file",
): CocoonError {
  const said = (code: CocoonError["code"], why: string, hint?: string) =>
    new CocoonError(code, `${subject}: ${why}`, { ...(hint === undefined ? {} : { hint }), cause });
  if (cause instanceof Deno.errors.NotFound || cause instanceof Deno.errors.NotADirectory) {
    return said("not-found", `no such ${wanted}`);
  }
  // Opening a folder succeeds; reading it gives EISDIR, for which some of Deno's calls have no class.
  if (cause instanceof Deno.errors.IsADirectory || /\(os error 21\)$/.test(messageOf(cause))) {
    return said("usage", "it is a folder", "Give a file.");
  }
  if (cause instanceof Deno.errors.PermissionDenied) {
    return said("host-lacks", "no permission to read it", "Let this account read it (chmod).");
  }
  return said("failed", messageOf(cause));
}
