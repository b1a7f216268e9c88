/**
 * One word for a POSIX shell: in single quotes unless it holds nothing that a shell could read
 * differently.
 */
export function quoteShell(word: string): string {
  // A first word with "=" would be an assignment.
  if (/^[A-Za-z0-9_@%+:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
