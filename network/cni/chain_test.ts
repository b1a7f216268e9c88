import assert from "node:assert/strict";
import { realHost } from "../../host/host.ts";
import type { JsonObject } from "../../plugins/contract.ts";
import { addChain, type ChainCall, deleteChain } from "./chain.ts";
import { parseConflist } from "./conflist.ts";

/** Writes down how it was called; `$0` is its own name. Answers, or fails if told to. */
const PLUGIN = `#!/bin/sh
folder=\${0%/*}; name=\${0##*/}
input=$(cat)
jot() { printf '%s\\n' "$1" >>"$folder/calls"; }
jot "$name $CNI_COMMAND $CNI_CONTAINERID $CNI_NETNS $CNI_IFNAME $CNI_ARGS"
jot "$input"
if [ -e "$folder/$name.fails" ]; then
  echo '{"code": 11, "msg": "busy", "details": "try later"}'
  exit 1
fi
[ "$CNI_COMMAND" = DEL ] || echo "{\\"cniVersion\\": \\"1.0.0\\", \\"from\\": \\"$name\\"}"
`;

async function withPlugins(
  body: (lab: {
    call: ChainCall;
    fail(plugin: string): Promise<void>;
    calls(): Promise<{ head: string; config: JsonObject }[]>;
  }) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "cocoon-cni-" });
  try {
    for (const name of ["one", "two"]) {
      await Deno.writeTextFile(`${folder}/${name}`, PLUGIN, { mode: 0o755 });
    }
    await body({
      call: {
        conflist: parseConflist({
          cniVersion: "1.0.0",
          name: "lab",
          plugins: [
            { type: "one", capabilities: { mac: true, ips: false }, unknown: { deep: [1] } },
            { type: "two" },
          ],
        }),
        containerId: "c1",
        namespacePath: "/run/netns/c1",
        ifName: "eth0",
        args: "IgnoreUnknown=1",
        capabilityArgs: { mac: "52:54:00:00:00:01", ips: ["10.0.0.2/24"] },
        binDirs: [`${folder}/none`, folder],
        lockPath: undefined,
      },
      fail: (plugin) => Deno.writeTextFile(`${folder}/${plugin}.fails`, ""),
      async calls() {
        const lines = (await Deno.readTextFile(`${folder}/calls`)).trimEnd().split("\n");
        await Deno.remove(`${folder}/calls`);
        return Array.from({ length: lines.length / 2 }, (_, i) => ({
          head: lines[2 * i] ?? "",
          config: JSON.parse(lines[2 * i + 1] ?? ""),
        }));
      },
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const host = realHost();
const { signal } = new AbortController();

Deno.test("addChain() hands each plugin its configuration and the result of the one before", async () => {
  await withPlugins(async ({ call, calls }) => {
    const told: JsonObject[] = [];
    const result = await addChain(host, call, (now) => void told.push(now), signal);
    const [first, last] = ["one", "two"].map((from) => ({ cniVersion: "1.0.0", from }));
    assert.deepEqual(result, last);
    assert.deepEqual(told, [first, last]);
    const common = { cniVersion: "1.0.0", name: "lab" };
    assert.deepEqual(await calls(), [
      {
        head: "one ADD c1 /run/netns/c1 eth0 IgnoreUnknown=1",
        config: {
          ...common,
          type: "one",
          unknown: { deep: [1] },
          runtimeConfig: { mac: "52:54:00:00:00:01" },
        },
      },
      {
        head: "two ADD c1 /run/netns/c1 eth0 IgnoreUnknown=1",
        config: { ...common, type: "two", prevResult: first },
      },
    ]);
  });
});

Deno.test("addChain() ends with the plugin that fails, in its own words", async () => {
  await withPlugins(async ({ call, fail, calls }) => {
    await fail("one");
    await assert.rejects(addChain(host, call, () => {}, signal), {
      code: "failed",
      message: "CNI plugin one: ADD: busy: try later (code 11)",
    });
    assert.equal((await calls()).length, 1);
  });
});

Deno.test("deleteChain() goes backwards with the last result, past a plugin that fails", async () => {
  await withPlugins(async ({ call, fail, calls }) => {
    await fail("two");
    const result = { cniVersion: "1.0.0", from: "two" };
    assert.deepEqual(await deleteChain(host, call, result), [
      "CNI plugin two: DEL: busy: try later (code 11)",
    ]);
    const made = await calls();
    assert.deepEqual(made.map(({ head }) => head.slice(0, 7)), ["two DEL", "one DEL"]);
    for (const { config } of made) assert.deepEqual(config["prevResult"], result);
  });
});

Deno.test("addChain() says where a plugin was looked for that is not installed", async () => {
  await withPlugins(async ({ call }) => {
    const conflist = parseConflist({
      ...call.conflist.document,
      plugins: [{ type: "three" }],
    });
    const adding = addChain(host, { ...call, conflist }, () => {}, signal);
    await assert.rejects(adding, {
      code: "host-lacks",
      message: /CNI plugin three: not in .*none/,
    });
  });
});
