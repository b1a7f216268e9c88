/**
 * `deno task setup [--for demo|test]`: installs the programs that the demo or the tests need, from
 * Debian's own packages; elsewhere it says which line installs them. Safe to repeat: what is there
 * is asked of dpkg first, and then nothing is done.
 */
import { CocoonError } from "../errors/error.ts";
import { realHost } from "../host/host.ts";
import type { Host } from "../plugins/contract.ts";
import { runTool } from "./main.ts";
import { debianPackages, neededPrograms, type Purpose, PURPOSES } from "./packages.ts";

/** How long the installation of everything may take on a slow network. */
const INSTALL_TIMEOUT_MS = 20 * 60_000;
/** How long `apt-get` waits for another one that holds dpkg's lock. */
const LOCK_TIMEOUT_S = 120;
/** How often a long installation says that it goes on. */
const HEARTBEAT_MS = 15_000;
/** How much of a failed installer's output is shown. */
const TAIL_LINES = 20;

/**
 * Makes sure that everything for `purpose` is installed.
 * @param say told each step, one line
 * @throws {CocoonError} `host-lacks` with the exact line to run where it cannot install by itself
 */
export async function setUp(
  purpose: Purpose,
  host: Host = realHost(),
  say: (line: string) => void = console.error,
  isRoot: boolean = Deno.uid() === 0,
): Promise<void> {
  if (host.which("dpkg-query") === undefined || host.which("apt-get") === undefined) {
    needPrograms(host);
    return;
  }
  const missing = await missingPackages(host, debianPackages(purpose, host.architecture));
  if (missing.length === 0) return;
  if (!isRoot) {
    throw new CocoonError("host-lacks", `not installed: ${missing.join(" ")}`, {
      hint: "Install with:\n  sudo apt-get update && " +
        `sudo apt-get install -y --no-install-recommends ${missing.join(" ")}`,
    });
  }
  say(`set-up: installing ${missing.length} of Debian's packages: ${missing.join(" ")}`);
  await install(host, missing, say);
}

/** Those of `packages` that dpkg does not have installed. */
export async function missingPackages(host: Host, packages: readonly string[]): Promise<string[]> {
  // It exits with 1 as soon as one name is unknown to it, and still lists the others.
  const { stdout } = await host.run([
    "dpkg-query",
    "--show",
    "--showformat=${Package} ${db:Status-Status}\n",
    ...packages,
  ]);
  const installed = new Set(
    stdout.split("\n").filter((line) => line.endsWith(" installed"))
      .map((line) => line.slice(0, line.indexOf(" "))),
  );
  return packages.filter((name) => !installed.has(name));
}

async function install(
  host: Host,
  packages: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  const began = performance.now();
  const seconds = () => Math.round((performance.now() - began) / 1000);
  const heartbeat = setInterval(() => say(`set-up: under way for ${seconds()} s`), HEARTBEAT_MS);
  try {
    await installOrUpdate(host, packages, say);
  } finally {
    clearInterval(heartbeat);
  }
  say(`set-up: done in ${seconds()} s`);
}

async function installOrUpdate(
  host: Host,
  packages: readonly string[],
  say: (line: string) => void,
): Promise<void> {
  // Lists that are absent or out of date are no error of their own: the install fails, the lists
  // are fetched, and it is tried once more. Fresh lists, the usual case, are not fetched again.
  let result = await aptGet(host, ["install", ...packages]);
  if (result.code !== 0) {
    say("set-up: fetching the lists of packages");
    const update = await aptGet(host, ["update"]);
    if (update.code === 0) result = await aptGet(host, ["install", ...packages]);
    else result = update;
  }
  if (result.code !== 0) {
    throw new CocoonError(
      "failed",
      `apt-get: exit status ${result.code}; the end of its output:\n${tail(result.output)}`,
      { hint: "Mend what it says, then run the same command again." },
    );
  }
  const left = await missingPackages(host, packages);
  if (left.length > 0) {
    throw new CocoonError("failed", `apt-get: has not installed ${left.join(" ")}`);
  }
}

async function aptGet(
  host: Host,
  args: readonly string[],
): Promise<{ code: number; output: string }> {
  const { code, stdout, stderr } = await host.run([
    "apt-get",
    "--quiet",
    "--yes",
    "--no-install-recommends",
    "--option",
    `DPkg::Lock::Timeout=${LOCK_TIMEOUT_S}`,
    ...args,
  ], {
    timeoutMs: INSTALL_TIMEOUT_MS,
    env: { DEBIAN_FRONTEND: "noninteractive" },
  });
  return { code, output: stdout + stderr };
}

function tail(text: string): string {
  return text.trimEnd().split("\n").slice(-TAIL_LINES).map((line) => `  ${line}`).join("\n");
}

/** On other systems: everything there, or an error that names the line which installs it. */
function needPrograms(host: Host): void {
  const lacking = neededPrograms(host.architecture)
    .filter(({ program }) => host.which(program) === undefined);
  if (lacking.length === 0) return;
  const line = (tool: "brew" | "dnf" | "pacman") => lacking.map((item) => item[tool]).join(" ");
  const hint = host.os === "darwin" ? `Install with:\n  brew install ${line("brew")}` : [
    "Install with the line of your system:",
    `  Fedora:     sudo dnf install ${line("dnf")}`,
    `  Arch Linux: sudo pacman -S ${line("pacman")}`,
  ].join("\n");
  const names = lacking.map(({ program }) => program).join(", ");
  throw new CocoonError("host-lacks", `programs not found: ${names}`, { hint });
}

async function main(args: string[]): Promise<number> {
  const purpose = args.length === 0 ? "test" : args[0] === "--for" ? args[1] : undefined;
  const known = PURPOSES.find((name) => name === purpose);
  if (known === undefined || args.length > 2) {
    throw new CocoonError("usage", `setup: cannot understand "${args.join(" ")}"`, {
      hint: `Usage: deno task setup [--for ${PURPOSES.join("|")}]`,
    });
  }
  await setUp(known);
  console.error(`set-up: everything for ${known} is installed`);
  return 0;
}

if (import.meta.main) await runTool(main);
