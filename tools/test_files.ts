/** Which test files there are, and in which order they run. */

/** The guests that tests boot, and the call by which they ask for one. */
export const GUEST_CALLS = { small: /\bsmallGuest\(/, full: /\bfullGuest\(/ } as const;
export type GuestName = keyof typeof GUEST_CALLS;

/** A file of tests. */
export interface TestFile {
  /** Relative to the repository. */
  path: string;
  /** The guests that its text asks for. */
  guests: GuestName[];
}

/** A part of the run; its files share one `deno test`. */
export interface Phase {
  name: string;
  /** Files run side by side, as many as there are CPUs. */
  parallel: boolean;
  files: string[];
}

const FAULTS = "tests/fault/";
/** Files of these folders start machines even where their text names no guest. */
const MACHINES = ["tests/e2e/", FAULTS];

/**
 * Each file is in exactly one; what is quick and tells most comes first. A guest keeps one CPU busy,
 * so files with machines run side by side too, but not beside the unit tests. What kills things at
 * chosen moments runs alone.
 */
const PHASES: readonly (Omit<Phase, "files"> & { has(file: TestFile): boolean })[] = [
  { name: "unit", parallel: true, has: (file) => !hasMachines(file) },
  { name: "machines", parallel: true, has: (file) => hasMachines(file) && !isFault(file) },
  { name: "faults", parallel: false, has: isFault },
];

function isFault(file: TestFile): boolean {
  return file.path.startsWith(FAULTS);
}

function hasMachines({ path, guests }: TestFile): boolean {
  return guests.length > 0 || MACHINES.some((folder) => path.startsWith(folder));
}

/** The phases that have files, each with its files in the order in which they run. */
export function planPhases(files: readonly TestFile[]): Phase[] {
  return PHASES.map(({ name, parallel, has }) => {
    return { name, parallel, files: files.filter(has).sort(byCost).map((file) => file.path) };
  }).filter((phase) => phase.files.length > 0);
}

/** Files that boot the full guest, which takes minutes, come first: the others fill what is left. */
function byCost(a: TestFile, b: TestFile): number {
  const full = (file: TestFile) => Number(file.guests.includes("full"));
  return full(b) - full(a) || (a.path < b.path ? -1 : 1);
}

/** The guests that a text asks for. */
export function guestsIn(text: string): GuestName[] {
  return (["small", "full"] as const).filter((name) => GUEST_CALLS[name].test(text));
}

/** Folders that hold no test of this repository. */
const SKIPPED = new Set([".git", "node_modules", "build", "coverage"]);

/** All files below `root` that satisfy `accept`, as sorted paths relative to it. */
export function filesBelow(root: string, accept: (path: string) => boolean): string[] {
  const found: string[] = [];
  const walk = (folder: string) => {
    for (const entry of Deno.readDirSync(`${root}/${folder}`)) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory && !SKIPPED.has(entry.name)) walk(path);
      else if (entry.isFile && accept(path)) found.push(path);
    }
  };
  walk("");
  return found.sort();
}

/**
 * The test files below `root`.
 * @param filters a file is taken when its path has one of these texts; none takes all
 */
export function testFiles(root: string, filters: readonly string[]): TestFile[] {
  const paths = filesBelow(root, (path) => {
    return path.endsWith("_test.ts") &&
      (filters.length === 0 || filters.some((text) => path.includes(text)));
  });
  return paths.map((path) => ({
    path,
    guests: guestsIn(Deno.readTextFileSync(`${root}/${path}`)),
  }));
}

/** All guests that the files ask for, also by way of the modules that stand beside them. */
export function guestsOf(root: string, files: readonly TestFile[]): Set<GuestName> {
  const guests = new Set(files.flatMap((file) => file.guests));
  for (const folder of MACHINES.filter((one) => files.some(({ path }) => path.startsWith(one)))) {
    for (const path of filesBelow(root, (path) => path.startsWith(folder))) {
      if (path.endsWith("_test.ts")) continue;
      for (const name of guestsIn(Deno.readTextFileSync(`${root}/${path}`))) guests.add(name);
    }
  }
  return guests;
}
