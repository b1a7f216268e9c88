/** The import graph of the program, as `deno info` sees it. */
import { filesBelow } from "../../tools/test_files.ts";
import { REPOSITORY } from "../../tools/main.ts";

/** One import. */
export interface Edge {
  /** Path relative to the repository. */
  from: string;
  /** Path relative to the repository, or the specifier of a package or a `node:` module. */
  to: string;
  /** `types`: erased when the program runs. */
  kind: "code" | "types";
  /** Loaded when `import(...)` is reached, and not at the start. */
  dynamic: boolean;
}

/** Folders that are not part of the program; `testing` stands beside what it serves. */
const NOT_SHIPPED = /^(tests|tools|bench|docs)\/|(^|\/)testing(\/|\.ts$)/;

/** Whether a file is source of the program, and not of its tests or its repository. */
export function isShipped(path: string): boolean {
  return path.endsWith(".ts") && !path.endsWith("_test.ts") && !NOT_SHIPPED.test(path);
}

/** Every module of the program: no tests and nothing that serves only the repository. */
export function programFiles(): string[] {
  return filesBelow(REPOSITORY, isShipped);
}

/** What `deno info --json` writes, as far as it is read here. */
interface Info {
  modules: {
    specifier: string;
    error?: string;
    dependencies?: {
      specifier: string;
      code?: { specifier?: string; error?: string };
      type?: { specifier?: string; error?: string };
      isDynamic?: boolean;
    }[];
  }[];
}

/** Every import of every module of the program. */
export interface Graph {
  edges: Edge[];
  /** Modules that cannot be loaded, and imports that name nothing. */
  broken: string[];
}

/** Asks `deno info`; runs none of the modules. */
export async function importGraph(): Promise<Graph> {
  const directory = await Deno.makeTempDir({ prefix: "graph-" });
  try {
    const base = `file://${REPOSITORY}/`;
    const roots = programFiles().map((file) => `import ${JSON.stringify(base + file)};\n`);
    await Deno.writeTextFile(`${directory}/roots.ts`, roots.join(""));
    const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["info", "--json", "--config", `${REPOSITORY}/deno.json`, `${directory}/roots.ts`],
      stdin: "null",
    }).output();
    if (!success) throw new Error(`deno info: ${new TextDecoder().decode(stderr)}`);
    const info: Info = JSON.parse(new TextDecoder().decode(stdout));
    const graph: Graph = { edges: [], broken: [] };
    for (const module of info.modules) {
      if (module.specifier.startsWith(base)) addModule(graph, module, base);
    }
    return graph;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function addModule(graph: Graph, module: Info["modules"][number], base: string): void {
  const short = (specifier: string) => {
    return specifier.startsWith(base) ? specifier.slice(base.length) : specifier;
  };
  const from = short(module.specifier);
  if (module.error !== undefined) graph.broken.push(`${from}: ${module.error}`);
  for (const { specifier, code, type, isDynamic } of module.dependencies ?? []) {
    for (const [kind, target] of [["code", code], ["types", type]] as const) {
      if (target === undefined) continue;
      if (target.specifier === undefined) {
        graph.broken.push(`${from} -> ${specifier}: ${target.error}`);
      } else {
        graph.edges.push({ from, to: short(target.specifier), kind, dynamic: isDynamic ?? false });
      }
    }
  }
}

/** All that is loaded at once when `roots` are, in the order of a walk. */
export function loadedWith(roots: readonly string[], edges: readonly Edge[]): Set<string> {
  const loaded = new Set<string>();
  const walk = (module: string) => {
    if (loaded.has(module)) return;
    loaded.add(module);
    for (const edge of edges) {
      if (edge.from === module && edge.kind === "code" && !edge.dynamic) walk(edge.to);
    }
  };
  for (const root of roots) walk(root);
  return loaded;
}

/** The first circle of modules that load each other at once, or undefined. */
export function findCircle(edges: readonly Edge[]): string[] | undefined {
  const next = new Map<string, string[]>();
  for (const { from, to, kind, dynamic } of edges) {
    if (kind === "code" && !dynamic) next.set(from, [...next.get(from) ?? [], to]);
  }
  const done = new Set<string>();
  const search = (module: string, path: readonly string[]): string[] | undefined => {
    const at = path.indexOf(module);
    if (at >= 0) return [...path.slice(at), module];
    if (done.has(module)) return undefined;
    for (const target of next.get(module) ?? []) {
      const circle = search(target, [...path, module]);
      if (circle !== undefined) return circle;
    }
    done.add(module);
    return undefined;
  };
  for (const module of next.keys()) {
    const circle = search(module, []);
    if (circle !== undefined) return circle;
  }
  return undefined;
}
