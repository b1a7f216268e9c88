/** Finding vmnet-helper, and the way to start it: some need root. */
import { CocoonError } from "../../errors/error.ts";
import { type MacosVersion, parseMacosVersion } from "../../host/macos_version.ts";
import { isAtLeast, type Version, versionText } from "../../host/versions.ts";
import type { Host } from "../../plugins/contract.ts";
import type { VmnetSettings } from "./settings.ts";
import { onlyRootCanChange } from "./trust.ts";

/** Where its packages put it (networking reference, section 1.8); none is on PATH. */
const PLACES = [
  "/opt/homebrew/bin/vmnet-helper",
  "/opt/homebrew/opt/vmnet-helper/libexec/vmnet-helper",
  "/opt/vmnet-helper/bin/vmnet-helper",
];

/** From here on, both together need no root: the helper is signed with Apple's entitlement. */
const ROOTLESS_MACOS = 26;
const ROOTLESS_HELPER: Version = [0, 9, 0];
/** First helper that isolates machines of the mode `shared`. */
const SHARED_ISOLATION: Version = [0, 12, 0];

/** Milliseconds for `--version`; a first start of a program on macOS is checked by the system. */
const VERSION_TIMEOUT_MS = 20_000;

/** A vmnet-helper of this computer. */
export interface Helper {
  path: string;
  version: Version;
  /** It is started by sudo. */
  asRoot: boolean;
}

/**
 * Finds the helper and how it must be started.
 * @throws {CocoonError} `host-lacks`, with the line that mends it
 */
export async function requireHelper(
  host: Host,
  settings: VmnetSettings,
  isRoot: boolean = Deno.uid() === 0,
): Promise<Helper> {
  const found = candidates(host, settings);
  const [first] = found;
  if (first === undefined) throw await missing(host, settings);
  const version = await versionOf(host, first);
  const asRoot = !isRoot && await needsRoot(host, settings, version) ||
    settings.sudo === "always";
  const isolates = !settings.isolation || settings.mode === "host" ||
    isAtLeast(version, SHARED_ISOLATION);
  if (!isolates) {
    throw new CocoonError(
      "host-lacks",
      `vmnet-helper: ${first} is version ${versionText(version)}; isolation in the mode "shared" ` +
        `needs ${versionText(SHARED_ISOLATION)} or newer`,
      { hint: await installLine(host) },
    );
  }
  if (!asRoot) return { path: first, version, asRoot };
  for (const path of found) {
    const real = await Deno.realPath(path);
    if (!await onlyRootCanChange(real)) continue;
    return { path: real, version: await versionOf(host, real), asRoot };
  }
  throw new CocoonError(
    "host-lacks",
    `vmnet-helper: it must be started as root here, and ${first} can be changed by others than ` +
      "root, who could then do everything",
    { hint: `Install the one that belongs to root: ${ROOT_INSTALL_LINE}` },
  );
}

/**
 * Makes sure that sudo starts it without asking.
 * @throws {CocoonError} `host-lacks`, with the rule that is missing
 */
export async function requireSudo(host: Host, { path }: Helper): Promise<string> {
  const sudo = host.which("sudo");
  if (sudo !== undefined) {
    const probe = [sudo, "--non-interactive", path, "--version"] as const;
    const { code } = await host.run(probe, { timeoutMs: VERSION_TIMEOUT_MS });
    if (code === 0) return sudo;
  }
  const rule = `%staff ALL = (root) NOPASSWD: ${path}`;
  throw new CocoonError("host-lacks", `vmnet-helper: sudo does not start ${path} without asking`, {
    hint: "Allow that, and nothing else, with this rule:\n" +
      `  echo '${rule}' | sudo tee /etc/sudoers.d/vmnet-helper && ` +
      "sudo chmod 0440 /etc/sudoers.d/vmnet-helper",
  });
}

/** The version of macOS; undefined where there is none to ask. */
export async function macosVersion(host: Host): Promise<MacosVersion | undefined> {
  if (host.which("sw_vers") === undefined) return undefined;
  return parseMacosVersion((await host.run(["sw_vers", "-productVersion"])).stdout);
}

async function needsRoot(
  host: Host,
  { sudo }: VmnetSettings,
  version: Version,
): Promise<boolean> {
  if (sudo !== "auto") return sudo === "always";
  const macos = await macosVersion(host);
  if (macos === undefined) return false;
  return macos[0] < ROOTLESS_MACOS || !isAtLeast(version, ROOTLESS_HELPER);
}

function candidates(host: Host, { program }: VmnetSettings): string[] {
  const names = program === undefined ? ["vmnet-helper", ...PLACES] : [program];
  return names.map((name) => host.which(name)).filter((path) => path !== undefined);
}

/** `version: v0.13.0`, and before 0.7 `v0.6.0`. */
export function parseVersion(output: string): Version | undefined {
  const match = /^(?:version: )?v(\d+)\.(\d+)\.(\d+)/.exec(output);
  return match === null ? undefined : [Number(match[1]), Number(match[2]), Number(match[3])];
}

async function versionOf(host: Host, path: string): Promise<Version> {
  const { code, stdout, stderr } = await host.run([path, "--version"], {
    timeoutMs: VERSION_TIMEOUT_MS,
  });
  const version = parseVersion(stdout);
  if (code === 0 && version !== undefined) return version;
  const said = (stderr || stdout).trim().split("\n").at(-1);
  throw new CocoonError(
    "host-lacks",
    `vmnet-helper: ${path} --version failed: ${said || `exit status ${code}`}`,
    { hint: `Install it anew: ${await installLine(host)}` },
  );
}

const ROOT_INSTALL_LINE =
  "curl -fsSL https://github.com/nirs/vmnet-helper/releases/latest/download/install.sh | bash";

/** Homebrew's belongs to the user, so that it is of use only where no root is needed. */
export async function installLine(host: Host): Promise<string> {
  const macos = await macosVersion(host);
  return macos === undefined || macos[0] < ROOTLESS_MACOS
    ? ROOT_INSTALL_LINE
    : "brew tap nirs/vmnet-helper && brew install vmnet-helper";
}

async function missing(host: Host, { program }: VmnetSettings): Promise<CocoonError> {
  if (program !== undefined) {
    return new CocoonError(
      "host-lacks",
      `vmnet-helper: ${program} is not a program that can be executed`,
      { hint: "Correct `program` of the network." },
    );
  }
  return host.os === "darwin"
    ? new CocoonError("host-lacks", "vmnet-helper: program not found", {
      hint: await installLine(host),
    })
    : new CocoonError("host-lacks", "vmnet-helper: program not found; it exists for macOS only", {
      hint: "Use a network of another provider, such as cni, bridge or nat.",
    });
}
