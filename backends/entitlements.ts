/** Entitlements of a program, read from what `codesign` prints. */

/** What a program of Virtualization.framework must be signed with to run machines. */
export const VIRTUALIZATION_ENTITLEMENT = "com.apple.security.virtualization";

/**
 * The entitlements that are true, from the output of `codesign -d --entitlements - PROGRAM`: macOS
 * 12 and newer print a tree of `[Key]`, `[Value]` and `[Bool]`, older ones (and `--xml`) a property
 * list, which some prefix with a few bytes of the signature.
 */
export function parseEntitlements(output: string): string[] {
  const found: string[] = [];
  const plist = /<key>\s*([^<]*?)\s*<\/key>\s*<true\s*\/>/g;
  for (const [, key = ""] of output.matchAll(plist)) found.push(unescapeXml(key));
  const tree = /\[Key\]\s+(\S+)\s+\[Value\]\s+\[Bool\]\s+true\b/g;
  for (const [, key = ""] of output.matchAll(tree)) found.push(key);
  return found;
}

function unescapeXml(text: string): string {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}
