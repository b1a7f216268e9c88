/**
 * The command that runs this very cocoon: the compiled program itself, or Deno with the entry
 * module when it runs from source. Without arguments; the caller appends its own.
 */
export function selfCommand(): [string, ...string[]] {
  if (Deno.build.standalone) return [Deno.execPath()];
  return [Deno.execPath(), "run", "--quiet", "-A", "--no-check", Deno.mainModule];
}
