import { join } from "../host/path.ts";
import { Home, openHome } from "../state/home.ts";
import { openStore } from "../state/store.ts";
import { type FileSystemKind, withFileSystem } from "../tests/support/file_system.ts";
import { runCocoon, runProgram } from "./lib/commands.ts";
import { type Benchmark, type Row, rowsOf } from "./lib/result.ts";
import { type Subject, takeTurns } from "./lib/turns.ts";

const GIB = 1024 ** 3;
/** Data of the two images, without a hole. */
const SMALL_GIB = 1;
const LARGE_GIB = 8;
/** Both images, one plain copy of the small one, and what the file system itself takes. */
const FILE_SYSTEM_BYTES = (SMALL_GIB * 2 + LARGE_GIB + 2) * GIB;

const KINDS: readonly FileSystemKind[] = ["ext4", "xfs", "btrfs"];

/** What a machine from a stored image takes, and whether that depends on the image's size. */
export const create: Benchmark = {
  name: "create",
  about: `vm create from an image of ${SMALL_GIB} and of ${LARGE_GIB} GiB of data, against copies`,
  rounds: 11,
  async run(rounds) {
    const rows: Row[] = [];
    for (const kind of KINDS) {
      await withFileSystem(kind, async (folder) => {
        rows.push(...await measure(kind, folder, rounds));
      }, FILE_SYSTEM_BYTES);
    }
    return rows;
  },
};

async function measure(kind: FileSystemKind, folder: string, rounds: number): Promise<Row[]> {
  const home = openHome(join(folder, "home"));
  const small = storeImage(home, SMALL_GIB);
  const large = storeImage(home, LARGE_GIB);
  const driver = await chosenStorage(home, small.tag);
  const copies = driver === "reflink";
  const name = (what: string, gib: number) => `${kind}: ${what}, ${gib} GiB`;
  const made = `vm create (${driver})`;
  const subjects: Subject[] = [
    createSubject(name(made, SMALL_GIB), home, small.tag),
    createSubject(name(made, LARGE_GIB), home, large.tag),
    fileSubject(name("cp --reflink=auto", SMALL_GIB), join(folder, "copy"), (target) => [
      ...["cp", "--reflink=auto", small.path, target] as const,
    ]),
    fileSubject(name("qemu-img create -b", LARGE_GIB), join(folder, "overlay"), (target) => [
      ...[
        "qemu-img",
        "create",
        "-q",
        "-f",
        "qcow2",
        "-F",
        "raw",
        "-b",
        large.path,
        target,
      ] as const,
    ]),
  ];
  // Where nothing can be shared this is a copy of every byte, and takes as long as one thinks.
  if (copies) {
    subjects.push(
      fileSubject(name("cp --reflink=auto", LARGE_GIB), join(folder, "copy"), (target) => [
        ...["cp", "--reflink=auto", large.path, target] as const,
      ]),
    );
  }
  return rowsOf(await takeTurns(subjects, rounds), {
    [name(made, SMALL_GIB)]: { peer: name("cp --reflink=auto", SMALL_GIB) },
    [name(made, LARGE_GIB)]: { peer: name(made, SMALL_GIB) },
    [name("qemu-img create -b", LARGE_GIB)]: { peer: name(made, LARGE_GIB) },
    [name("cp --reflink=auto", LARGE_GIB)]: { peer: name("cp --reflink=auto", SMALL_GIB) },
  });
}

/** An image of so much data, put into the store without having been imported. */
function storeImage(home: Home, gib: number): { tag: string; path: string } {
  const tag = `image-${gib}g`;
  const digest = `sha256:${String(gib).padStart(64, "0")}`;
  const folder = home.imageDir(digest);
  const path = join(folder, "disk.raw");
  Deno.mkdirSync(folder, { recursive: true });
  writeData(path, gib * GIB);
  using store = openStore(home);
  store.images.put({
    digest,
    diskDigest: "sha256-4m:unknown",
    kind: "disk",
    virtualBytes: gib * GIB,
    allocatedBytes: gib * GIB,
    sourceFormat: "raw",
    source: path,
    verified: "none",
    createdAt: new Date().toISOString(),
  }, tag);
  return { tag, path };
}

function writeData(path: string, bytes: number): void {
  using file = Deno.openSync(path, { write: true, createNew: true });
  const piece = new Uint8Array(4 * 1024 ** 2).fill(0x5a);
  for (let written = 0; written < bytes;) written += file.writeSync(piece);
  // A clone of data that is not on the disk yet would have to write it first.
  file.syncSync();
}

async function chosenStorage(home: Home, image: string): Promise<string> {
  await runCocoon(home.root, ["vm", "create", "--name", "probe", image]);
  const json = await runCocoon(home.root, ["vm", "inspect", "probe", "--output", "json"]);
  await runCocoon(home.root, ["vm", "rm", "probe"]);
  return JSON.parse(json).storage;
}

function createSubject(name: string, home: Home, image: string): Subject {
  return {
    name,
    run: async () => void await runCocoon(home.root, ["vm", "create", "--name", "bench", image]),
    after: () => runCocoon(home.root, ["vm", "rm", "bench"]),
  };
}

function fileSubject(
  name: string,
  target: string,
  argv: (target: string) => [string, ...string[]],
): Subject {
  return {
    name,
    run: async () => void await runProgram(argv(target)),
    after: () => Deno.remove(target),
  };
}
