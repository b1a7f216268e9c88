import { CocoonError } from "../../../errors/error.ts";
import { debianArch, type GuestArch } from "./arch.ts";
import { run } from "./tools.ts";

/** A package archive as this computer's apt knows it. */
export interface Archive {
  uri: string;
  suite: string;
  components: string[];
}

/**
 * Debian's own archives among those that this computer uses, so that mirrors and proxies hold for
 * the guests too and third parties' archives stay out.
 */
export async function debianArchives(): Promise<Archive[]> {
  const lines = await run("apt-get", [
    "indextargets",
    "--format",
    "$(REPO_URI) $(RELEASE) $(COMPONENT)",
    "Created-By: Packages",
    "Origin: Debian",
  ]);
  const archives = new Map<string, Archive>();
  for (const line of lines.split("\n")) {
    const [uri, suite, component] = line.trim().split(" ");
    if (uri === undefined || suite === undefined || component === undefined) continue;
    const archive = archives.get(`${uri} ${suite}`) ?? { uri, suite, components: [] };
    if (!archive.components.includes(component)) archive.components.push(component);
    archives.set(`${uri} ${suite}`, archive);
  }
  if (archives.size === 0) {
    throw new CocoonError(
      "host-lacks",
      "apt knows no archive of Debian, which guests are built from",
      {
        hint: "Build the guests on Debian, after: apt-get update",
      },
    );
  }
  return [...archives.values()];
}

/** The archive with the release itself, and not its updates. */
export function baseArchive(archives: readonly Archive[]): Archive {
  const base = archives.find((archive) => !archive.suite.includes("-"));
  if (base === undefined) {
    throw new CocoonError("host-lacks", "apt knows updates of Debian, but no release of it", {
      hint: "Add the release to apt's sources, then: apt-get update",
    });
  }
  return base;
}

/** Debian's signing keys; apt's own trusted keys are used where this package is missing. */
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * An apt of our own below `dir`: any architecture, without a trace in the system's lists, cache or
 * package database.
 */
export class PrivateApt {
  readonly #options: string[];
  readonly #dir: string;

  constructor(dir: string, arch: GuestArch) {
    this.#dir = dir;
    const settings = {
      "APT::Architecture": debianArch(arch),
      "APT::Architectures": debianArch(arch),
      "APT::Sandbox::User": "",
      "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
      "Acquire::Languages": "none",
      "Acquire::Retries": "3",
      "Dir::Cache": `${dir}/cache`,
      "Dir::Etc::sourcelist": `${dir}/sources.list`,
      "Dir::Etc::sourceparts": "/dev/null",
      "Dir::State::lists": `${dir}/lists`,
      "Dir::State::status": "/dev/null",
    };
    this.#options = Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
  }

  /** Fetches the lists of packages. @param suite another release of Debian than this computer's */
  async update(suite?: string): Promise<void> {
    for (const part of ["lists/partial", "cache/archives/partial"]) {
      await Deno.mkdir(`${this.#dir}/${part}`, { recursive: true });
    }
    const signed = await exists(KEYRING) ? ` [signed-by=${KEYRING}]` : "";
    const own = await debianArchives();
    const archives = suite === undefined ? own : [{ ...baseArchive(own), suite }];
    const lines = archives
      .map(({ uri, suite, components }) =>
        `deb${signed} ${uri} ${suite} ${components.join(" ")}\n`
      );
    await Deno.writeTextFile(`${this.#dir}/sources.list`, lines.join(""));
    await run("apt-get", [...this.#options, "-q", "update"]);
  }

  /** The newest version of a package and what it depends on directly. */
  async show(name: string): Promise<{ version: string; depends: string[] }> {
    const text = await run("apt-cache", [...this.#options, "--no-all-versions", "show", name]);
    const field = (key: string) => new RegExp(`^${key}: (.*)$`, "m").exec(text)?.[1];
    const version = field("Version");
    if (version === undefined) {
      throw new CocoonError("failed", `package ${name}: apt gave no version of it`);
    }
    // "a (>= 1) | b, c": only the first of alternatives counts.
    const depends = (field("Depends") ?? "").split(",")
      .map((item) => item.trim().split(/[ (|:]/)[0] ?? "")
      .filter((item) => item !== "");
    return { version, depends };
  }

  /** The packages, and all that they depend on, by name. */
  async closure(names: readonly string[]): Promise<string[]> {
    const args = ["depends", "--recurse", "--important", ...names];
    const text = await run("apt-cache", [...this.#options, ...args]);
    return [...new Set(text.split("\n").filter((line) => /^[a-z0-9]/.test(line)))];
  }

  /** Downloads the packages' newest versions and unpacks all of them into one directory. */
  async unpack(names: readonly string[], target: string): Promise<void> {
    const debs = await Deno.makeTempDir({ dir: this.#dir, prefix: "debs-" });
    try {
      await run("apt-get", [...this.#options, "-q", "download", ...names], { cwd: debs });
      await Deno.mkdir(target, { recursive: true });
      for await (const entry of Deno.readDir(debs)) {
        await run("dpkg-deb", ["-x", `${debs}/${entry.name}`, target]);
      }
    } finally {
      await Deno.remove(debs, { recursive: true });
    }
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
