import assert from "node:assert/strict";
import { REPOSITORY } from "../../tools/main.ts";
import {
  type Edge,
  findCircle,
  importGraph,
  isShipped,
  loadedWith,
  programFiles,
} from "./graph.ts";
import {
  HOT_BUILT_INS,
  HOT_MODULES,
  HOT_PACKAGES,
  MAY_IMPORT,
  PACKAGES,
  PLUGIN_PARTS,
  REGISTRY,
} from "./rules.ts";

const { edges: graph, broken } = await importGraph();

/** `cli/vm/list.ts` -> `cli`; a file of the root is a part of its own. */
function partOf(path: string): string {
  const slash = path.indexOf("/");
  return slash < 0 ? path : path.slice(0, slash);
}

/** `npm:@stricli/core@1.3.0` -> `@stricli/core`; undefined for anything else. */
function packageOf(specifier: string): string | undefined {
  return /^npm:\/?(@[^/@]+\/[^/@]+|[^/@]+)/.exec(specifier)?.[1];
}

const isPackage = (to: string) => packageOf(to) !== undefined;
const isBuiltIn = (to: string) => to.startsWith("node:");

/** Why an import is against the rules, or undefined. */
function offence({ from, to, kind, dynamic }: Edge): string | undefined {
  if (isBuiltIn(to)) return undefined;
  if (isPackage(to)) {
    return PACKAGES.includes(packageOf(to) ?? "") ? undefined : "is no package of the program";
  }
  if (/^[a-z]+:/.test(to)) return "is neither a file, an npm package nor a node: module";
  if (to.endsWith(".ts") && !isShipped(to)) return "is not part of the program";
  const [own, other] = [partOf(from), partOf(to)];
  if (own === other) {
    if (!PLUGIN_PARTS.includes(own)) return undefined;
    const plugin = (path: string) => path.split("/").length > 2 ? path.split("/")[1] : undefined;
    const shared = plugin(to) === undefined || plugin(from) === plugin(to);
    return shared ? undefined : "is another plugin";
  }
  if (PLUGIN_PARTS.includes(other) && from === REGISTRY) {
    return dynamic ? undefined : "a plugin is loaded when it is asked for, not at the start";
  }
  const allowed = MAY_IMPORT[own];
  if (allowed === undefined) return `"${own}" has no rule in tests/house/rules.ts`;
  if (!allowed.includes(other) && !allowed.includes(to)) {
    return `"${own}" may not import "${other}" (${kind})`;
  }
  return undefined;
}

Deno.test("every import names something", () => {
  assert.deepEqual(broken, []);
});

Deno.test("every import points the way of the house", () => {
  const offences = graph.flatMap((edge) => {
    const reason = offence(edge);
    return reason === undefined ? [] : [`${edge.from} -> ${edge.to}: ${reason}`];
  });
  assert.deepEqual(offences, []);
});

Deno.test("the rule sees what it forbids", () => {
  const edge = { kind: "code", dynamic: false } as const;
  for (
    const [from, to] of [
      ["vm/start.ts", "backends/qemu/mod.ts"],
      ["backends/qemu/plan.ts", "vm/start.ts"],
      ["cli/vm/request.ts", "storage/copy/mod.ts"],
      ["backends/qemu/plan.ts", "backends/vfkit/plan.ts"],
      [REGISTRY, "storage/copy/mod.ts"],
      ["errors/error.ts", "host/host.ts"],
      ["cli/app.ts", "tests/support/pty.ts"],
      ["backends/qemu/plan.ts", "backends/qemu/testing/stub_qmp_server.ts"],
      ["cli/app.ts", "npm:commander@14.0.0"],
      ["cli/app.ts", "jsr:@std/path@1.0.0"],
      ["cli/app.ts", "https://example.org/x.ts"],
      ["new_part/x.ts", "errors/error.ts"],
    ] as const
  ) assert.ok(offence({ ...edge, from, to }), `${from} -> ${to}`);
});

Deno.test("every package of the rules is imported", () => {
  const imported = new Set(graph.map((edge) => packageOf(edge.to)));
  assert.deepEqual(PACKAGES.filter((name) => !imported.has(name)), []);
});

Deno.test("no module loads itself by way of others", () => {
  assert.equal(findCircle(graph)?.join(" -> "), undefined);
  const edge = { kind: "code", dynamic: false } as const;
  const circle = [{ ...edge, from: "a", to: "b" }, { ...edge, from: "b", to: "a" }];
  assert.deepEqual(findCircle(circle), ["a", "b", "a"]);
});

Deno.test("the hot commands load nothing that is slow to load", () => {
  const files = new Set(programFiles());
  assert.deepEqual(HOT_MODULES.filter((module) => !files.has(module)), [], "no such module");
  for (const root of HOT_MODULES) {
    const slow = [...loadedWith([root], graph)].filter((to) => {
      if (isBuiltIn(to)) return !HOT_BUILT_INS.includes(to);
      return isPackage(to) && !HOT_PACKAGES.includes(packageOf(to) ?? "");
    });
    assert.deepEqual(slow, [], `${root} loads it at the start`);
  }
});

Deno.test("every module of the program is reached from its entry", () => {
  // Dynamic imports count; `plugins/mod.ts` is the entry of the users' plugins, workers of threads.
  const entries = programFiles().filter((file) => {
    return file === "main.ts" || file === "plugins/mod.ts" || file.endsWith("worker.ts");
  });
  const everything = graph.map((edge) => ({ ...edge, kind: "code", dynamic: false } as const));
  const reached = loadedWith(entries, everything);
  assert.deepEqual(programFiles().filter((file) => !reached.has(file)), []);
});

Deno.test("vm/ and images/ never name a backend", async () => {
  const folder = [...Deno.readDirSync(`${REPOSITORY}/backends`)];
  const own = folder.filter((entry) => entry.isDirectory).map((entry) => entry.name);
  const names = [...new Set([...own, "vfkit", "krunkit", "cloud-hypervisor"])];
  const literal = new RegExp(`(["'\`])(${names.join("|")})\\1`);
  const found: string[] = [];
  for (const file of programFiles().filter((path) => /^(vm|images)\//.test(path))) {
    const lines = (await Deno.readTextFile(`${REPOSITORY}/${file}`)).split("\n");
    lines.forEach((line, index) => {
      if (!/^\s*(\/\/|\/?\*)/.test(line) && literal.test(line)) found.push(`${file}:${index + 1}`);
    });
  }
  assert.deepEqual(found, []);
});
