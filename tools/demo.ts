/**
 * `deno task demo [--keep]`: from nothing to a command in a guest. Installs what is needed, builds
 * a small guest image, makes a machine of it with the commands that a user would type, and removes
 * it again unless `--keep` is given.
 */
import { CocoonError } from "../errors/error.ts";
import { realHost } from "../host/host.ts";
import { SOURCE_FLAGS } from "../host/self.ts";
import { quoteShell } from "../host/shell.ts";
import { REPOSITORY, runTool } from "./main.ts";
import { debianPackages, neededPrograms } from "./packages.ts";
import { missingPackages, setUp } from "./setup.ts";

const NAME = "demo";
/** What a reader types who has nothing but npx; the version is the one that runs now. */
const TASK = `npx -y deno@${Deno.version.deno} task`;
/** How long the guest may take until one can log in; 10 s are usual under emulation. */
const WAIT = "3m";

async function main(args: string[]): Promise<number> {
  const keep = args.includes("--keep");
  const unknown = args.find((arg) => arg !== "--keep");
  if (unknown !== undefined) {
    throw new CocoonError("usage", `demo: unknown argument "${unknown}"`, {
      hint: `Usage: ${TASK} demo [--keep]`,
    });
  }
  const host = realHost();
  if (host.os === "darwin") return tellMac(host.architecture);
  if (host.which("apt-get") === undefined) {
    throw new CocoonError("host-lacks", "the demo builds its guest from Debian's packages", {
      hint: `Here, start with an image of your own: ${TASK} cocoon run --wait ssh ./IMAGE.qcow2`,
    });
  }
  await announce();
  await setUp("demo");
  say("Building the guest image (about 15 s; kept for the next time)");
  const { smallGuest } = await import("../tests/guests/cache.ts");
  const { qcow2Path } = await smallGuest(host.architecture);
  const began = performance.now();
  try {
    // What an earlier demo left that was killed.
    await cocoon(["vm", "rm", "--force", NAME], { quiet: true });
    await mustRun([
      "run",
      "--name",
      NAME,
      "--memory",
      "512M",
      "--wait",
      "ssh",
      "--timeout",
      WAIT,
      qcow2Path,
    ]);
    say(`The machine answered after ${Math.round((performance.now() - began) / 1000)} s`);
    await mustRun(["ls"]);
    await mustRun(["ssh", NAME, "--", "uname", "-a"]);
    if (!keep) await mustRun(["vm", "stop", NAME]);
  } finally {
    if (!keep) await cocoon(["vm", "rm", "--force", NAME], { quiet: true });
  }
  tellNext(keep);
  return 0;
}

/** Says what will be done to this computer before it is done. */
async function announce(): Promise<void> {
  const host = realHost();
  const missing = await missingPackages(host, debianPackages("demo", host.architecture));
  say(
    missing.length === 0
      ? "Everything that the demo needs is installed"
      : `The demo installs from Debian's packages: ${missing.join(" ")}`,
  );
}

function tellMac(architecture: "x86_64" | "aarch64"): number {
  const packages = neededPrograms(architecture).map((program) => program.brew);
  console.log(`Install what cocoon needs with:\n  brew install ${packages.join(" ")}`);
  console.log("Then make a machine of any cloud image:");
  console.log(`  ${TASK} cocoon run --name web --wait ssh URL-OR-FILE`);
  return 0;
}

function tellNext(keep: boolean): void {
  const lines = nextLines(keep);
  console.log(`\nNext:\n${lines.map((line) => `  ${line}`).join("\n")}`);
}

/** What to type next, each with what it does, in the folder that the demo was started from. */
export function nextLines(keep: boolean): string[] {
  const lines: [command: string, what: string][] = keep
    ? [
      [`cocoon ssh ${NAME}`, "log in"],
      [`cocoon vm console ${NAME}`, "its serial console, until Ctrl-] and a stop"],
      [`cocoon vm stop ${NAME}`, "shut it down"],
      [`cocoon rm ${NAME}`, "remove it"],
    ]
    : [
      ["demo --keep", "the same, and the machine stays"],
      ["cocoon run --name web --wait ssh ./debian.qcow2", "an image of your own"],
      ["cocoon ssh web", "log in"],
      ["cocoon --help", "all commands"],
    ];
  const width = Math.max(...lines.map(([, what]) => what.length));
  return lines.map(([command, what]) => `${what.padEnd(width)}  ${TASK} ${command}`);
}

async function mustRun(args: string[]): Promise<void> {
  const code = await cocoon(args, { quiet: false });
  if (code !== 0) {
    throw new CocoonError("failed", `demo: cocoon ${args[0]} ended with status ${code}`, {
      hint: `What this computer lacks: ${TASK} cocoon doctor`,
    });
  }
}

async function cocoon(args: string[], { quiet }: { quiet: boolean }): Promise<number> {
  if (!quiet) console.log(`$ cocoon ${args.map(quoteShell).join(" ")}`);
  const { code } = await new Deno.Command(Deno.execPath(), {
    args: ["run", ...SOURCE_FLAGS, `${REPOSITORY}/main.ts`, ...args],
    stdin: "null",
    stdout: quiet ? "null" : "inherit",
    stderr: quiet ? "null" : "inherit",
  }).output();
  return code;
}

function say(line: string): void {
  console.log(`* ${line}`);
}

if (import.meta.main) await runTool(main);
