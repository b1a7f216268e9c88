/**
 * Flags with which cocoon runs from source. Without the first one Deno reads all modules behind
 * `import()` at start, 200 files for a command that needs 30. It must not stand in deno.json:
 * `deno compile` would then leave those modules out.
 */
export const SOURCE_FLAGS: readonly string[] = [
  "--unstable-lazy-dynamic-imports",
  "-A",
  "--no-check",
];

/**
 * The command that runs this very cocoon: the compiled program itself, or Deno with the entry
 * module when it runs from source. Without arguments; the caller appends its own.
 */
export function selfCommand(): [string, ...string[]] {
  if (Deno.build.standalone) return [Deno.execPath()];
  return [Deno.execPath(), "run", "--quiet", ...SOURCE_FLAGS, Deno.mainModule];
}
