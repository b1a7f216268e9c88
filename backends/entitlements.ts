/** Entitlements of a program, read from what `codesign` prints. */
import type { Finding, Host } from "../plugins/contract.ts";

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

/**
 * Whether the program at `path` is signed with an entitlement; Apple's frameworks refuse it without.
 * @param fix the line that signs it
 */
export async function entitlementFinding(
  host: Host,
  path: string,
  { subject, entitlement, fix }: { subject: string; entitlement: string; fix: string },
): Promise<Finding> {
  const { code, stdout, stderr } = await host.run(["codesign", "-d", "--entitlements", "-", path]);
  if (code !== 0) return { level: "error", subject, message: stderr.trim(), fix };
  // Which of the two streams has the list has changed over the years.
  return parseEntitlements(`${stdout}\n${stderr}`).includes(entitlement)
    ? { level: "ok", subject, message: `has ${entitlement}` }
    : { level: "error", subject, message: `lacks ${entitlement}`, fix };
}
