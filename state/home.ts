import { CocoonError, isFullDisk } from "../errors/error.ts";
import { absolute, join } from "../host/path.ts";

/**
 * Longest path of a socket in bytes, without its final NUL: `sun_path` has 104 bytes on macOS and
 * 108 on Linux; the smaller one counts everywhere, so that a home can be moved.
 */
export const MAX_SOCKET_PATH_BYTES = 103;

/** Characters of a machine's id. */
const ID_LENGTH = 12;
/** The longest name of a socket in a machine's run folder; plugins keep theirs within it. */
const LONGEST_SOCKET_NAME = "supervisor.sock";

/**
 * The folder that holds everything cocoon keeps (`COCOON_HOME`, default `~/.cocoon`), and the
 * only place where its layout is written down:
 * ```
 * state.db            machines, images, reservations (SQLite, WAL)
 * state.db-reserve    room that is given up for the database on a full disk
 * config.toml         the user's configuration
 * locks/ID.lock       held over every verb that changes the machine
 * images/sha256/HEX/  one image, immutable; HEX is the digest of what was downloaded
 * images/staging/     conversions under way
 * images/partial/     downloads under way, or to be taken up again
 * vms/ID/             disks, seed, variable store, logs of one machine
 * run/ID/             sockets and locks of a machine that runs
 * ssh/                the key that guests let in; the running machines as ssh's configuration
 * cache/              what can be found again, e.g. the result of the accelerator's probe
 * ```
 */
export class Home {
  readonly root: string;

  constructor(root: string) {
    this.root = absolute(root);
  }

  get databasePath(): string {
    return join(this.root, "state.db");
  }
  get configPath(): string {
    return join(this.root, "config.toml");
  }
  get imagesDir(): string {
    return join(this.root, "images");
  }
  get stagingDir(): string {
    return join(this.root, "images/staging");
  }
  /** Made by the first download. */
  get partialDir(): string {
    return join(this.root, "images/partial");
  }
  get machinesDir(): string {
    return join(this.root, "vms");
  }
  get runsDir(): string {
    return join(this.root, "run");
  }
  get locksDir(): string {
    return join(this.root, "locks");
  }
  get sshDir(): string {
    return join(this.root, "ssh");
  }
  /** For `Include` in `~/.ssh/config`. */
  get sshConfigPath(): string {
    return join(this.sshDir, "config");
  }
  /** The host keys of the machines in {@linkcode Home.sshConfigPath}. */
  get sshKnownHostsPath(): string {
    return join(this.sshDir, "known_hosts");
  }
  get sshConfigLockPath(): string {
    return join(this.sshDir, "config.lock");
  }
  get cacheDir(): string {
    return join(this.root, "cache");
  }
  /** Folder of one image; `digest` is `sha256:HEX`. */
  imageDir(digest: string): string {
    return join(this.imagesDir, digest.replace(":", "/"));
  }
  machineDir(id: string): string {
    return join(this.machinesDir, id);
  }
  runDir(id: string): string {
    return join(this.runsDir, id);
  }
  machineLockPath(id: string): string {
    return join(this.locksDir, `${id}.lock`);
  }
}

/** The home that the environment names: `COCOON_HOME`, else `~/.cocoon`. */
export function defaultHomePath(env: (name: string) => string | undefined): string {
  const named = env("COCOON_HOME");
  if (named !== undefined && named !== "") return named;
  const home = env("HOME");
  if (home === undefined || home === "") {
    throw new CocoonError("usage", "HOME is not set, so the default folder is unknown", {
      hint: "Set COCOON_HOME to a folder of your own.",
    });
  }
  return join(home, ".cocoon");
}

/**
 * Opens the home for reading and writing: makes its folders (0700) and refuses a place where
 * sockets could not be made.
 * @throws {CocoonError} `usage` when the path is too long, `host-lacks` without permission
 */
export function openHome(root: string): Home {
  const home = new Home(root);
  const longest = join(home.runDir("x".repeat(ID_LENGTH)), LONGEST_SOCKET_NAME);
  const excess = new TextEncoder().encode(longest).length - MAX_SOCKET_PATH_BYTES;
  if (excess > 0) {
    throw new CocoonError(
      "usage",
      `${home.root}: the path is ${excess} bytes too long for the sockets of a machine`,
      { hint: "Set COCOON_HOME (or --home) to a shorter path, for example ~/.cocoon." },
    );
  }
  try {
    // One call in the usual case: the folders are made in this order, so the last one tells.
    Deno.statSync(home.cacheDir);
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) throw unusable(home, home.root, error);
    makeFolders(home);
  }
  makePrivate(home);
  return home;
}

/** Bits that let others in, and the one of folders that are everybody's, such as `/tmp`. */
const [OTHERS, STICKY] = [0o077, 0o1000];

/**
 * A folder that the user has made lets others read it, and with it the database. One that belongs
 * to somebody else, or to everybody, stays as it is.
 */
function makePrivate(home: Home): void {
  const { mode, uid } = Deno.statSync(home.root);
  if (mode === null || (mode & OTHERS) === 0 || (mode & STICKY) !== 0 || uid !== Deno.uid()) return;
  Deno.chmodSync(home.root, 0o700);
  for (const suffix of ["", "-wal", "-shm"]) {
    try {
      Deno.chmodSync(home.databasePath + suffix, 0o600);
    } catch { /* it is not there: made in a private folder from now on */ }
  }
}

function makeFolders(home: Home): void {
  const folders = [
    home.root,
    home.imagesDir,
    join(home.imagesDir, "sha256"),
    home.stagingDir,
    home.machinesDir,
    home.runsDir,
    home.locksDir,
    home.sshDir,
    home.cacheDir,
  ];
  for (const folder of folders) {
    try {
      Deno.mkdirSync(folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw unusable(home, folder, cause);
    }
  }
}

function unusable(home: Home, folder: string, cause: unknown): CocoonError {
  const why = cause instanceof Deno.errors.PermissionDenied
    ? "permission denied"
    : isFullDisk(cause)
    ? "no space left on the disk"
    : cause instanceof Deno.errors.AlreadyExists || cause instanceof Deno.errors.NotADirectory
    ? "something that is no folder is in its place"
    : String(cause instanceof Error ? cause.message : cause);
  return new CocoonError("host-lacks", `${folder}: cannot be used: ${why}`, {
    cause,
    hint: `cocoon keeps its machines in ${home.root}. Make that folder yours, or set COCOON_HOME.`,
  });
}
