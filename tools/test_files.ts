/** Which test files there are, and in which order they run. */

/** A part of the run; its files share one `deno test`. */
export interface Phase {
  name: string;
  /** Files run side by side, as many as there are CPUs. */
  parallel: boolean;
  /** Whether a file, by its path relative to the repository, is in it. */
  has(file: string): boolean;
}

/** These start machines and kill things; side by side they would disturb each other. */
const END_TO_END = "tests/e2e/";
const FAULTS = "tests/fault/";

/** Each file is in exactly one; what is quick and tells most comes first. */
export const PHASES: readonly Phase[] = [
  {
    name: "unit",
    parallel: true,
    has: (file) => !file.startsWith(END_TO_END) && !file.startsWith(FAULTS),
  },
  { name: "end to end", parallel: false, has: (file) => file.startsWith(END_TO_END) },
  { name: "faults", parallel: false, has: (file) => file.startsWith(FAULTS) },
];

/** A phase and its files, in the order in which they run. */
export interface PlannedPhase extends Phase {
  files: string[];
}

/**
 * The phases that have files.
 * @param files paths relative to the repository
 * @param filters a file is taken when its path has one of these texts; none takes all
 */
export function planPhases(files: readonly string[], filters: readonly string[]): PlannedPhase[] {
  const wanted = files.filter((file) => {
    return filters.length === 0 || filters.some((text) => file.includes(text));
  });
  return PHASES
    .map((phase) => ({ ...phase, files: wanted.filter(phase.has).sort(byCost) }))
    .filter((phase) => phase.files.length > 0);
}

/** Files that boot the full guest, which takes a minute, come last. */
function byCost(a: string, b: string): number {
  const full = (file: string) => Number(/full/.test(file.slice(file.lastIndexOf("/"))));
  return full(a) - full(b) || (a < b ? -1 : 1);
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

/** All test files below `root`. */
export function testFiles(root: string): string[] {
  return filesBelow(root, (path) => path.endsWith("_test.ts"));
}
