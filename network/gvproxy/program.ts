/** Finding gvproxy on this computer. */
import { CocoonError, messageOf } from "../../errors/error.ts";
import type { Finding, Host } from "../../plugins/contract.ts";

/** Where Podman's packages keep their own copy, which is not on PATH. */
const PODMAN_PATHS = [
  "/opt/podman/bin/gvproxy",
  "/opt/homebrew/opt/podman/libexec/podman/gvproxy",
  "/usr/local/opt/podman/libexec/podman/gvproxy",
  "/usr/libexec/podman/gvproxy",
  "/usr/lib/podman/gvproxy",
];

/**
 * The path of gvproxy.
 * @param configured the setting `program`, which alone counts if it is there
 * @throws {CocoonError} `host-lacks`, with the line that installs it
 */
export function gvproxyPath(host: Host, configured: string | undefined): string {
  const path = findGvproxy(host, configured);
  if (path !== undefined) return path;
  throw new CocoonError("host-lacks", `${configured ?? "gvproxy"}: program not found`, {
    hint: installLine(host),
  });
}

/** What `cocoon doctor` says of the program. */
export async function checkProgram(
  host: Host,
  configured: string | undefined,
): Promise<Finding> {
  const subject = "gvproxy";
  const path = findGvproxy(host, configured);
  if (path === undefined) {
    const message = `${configured ?? "gvproxy"}: program not found`;
    return { level: "error", subject, message, fix: installLine(host) };
  }
  const broken = (what: string): Finding => ({
    level: "error",
    subject,
    message: `${path}: ${what}`,
    fix: `install it anew: ${installLine(host)}`,
  });
  try {
    const { code, stdout, stderr } = await host.run([path, "-version"], { timeoutMs: 10_000 });
    // `gvproxy version v0.8.1`
    const version = /\bv?\d+\.\d+\S*/.exec(`${stdout} ${stderr}`)?.[0];
    if (code === 0 && version !== undefined) {
      return { level: "ok", subject, message: `${path} (${version})` };
    }
    return broken(`-version ended with status ${code}`);
  } catch (error) {
    return broken(messageOf(error));
  }
}

function findGvproxy(host: Host, configured: string | undefined): string | undefined {
  if (configured !== undefined) return host.which(configured);
  for (const candidate of ["gvproxy", ...PODMAN_PATHS]) {
    const path = host.which(candidate);
    if (path !== undefined) return path;
  }
  return undefined;
}

function installLine(host: Host): string {
  return host.os === "darwin"
    ? "brew install podman (it has gvproxy), or set program of the network"
    : "sudo apt install gvproxy (Debian 13 or newer), or set program of the network";
}
