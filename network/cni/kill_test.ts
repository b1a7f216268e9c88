/** SIGKILL of the process itself, with plugins under way that outlive it. */
import assert from "node:assert/strict";
import type { JsonObject } from "../../plugins/contract.ts";
import cni from "./mod.ts";
import { assertNoTraces, type CniLab, cniLab, noPlugins } from "./testing.ts";

/** Milliseconds from one kill to the next, on a computer that is not in a hurry. */
const STEP_MS = 16;
/** Fewer kills say little: then the steps are made smaller. */
const ENOUGH_KILLS = 5;
/** Longer than any attach; a round ends with the first one that is not killed. */
const MAX_STEPS = 400;

/** Attaches or detaches as a process of its own would, and records as the store would. */
const CHILD = `
  const { realHost } = await import(${JSON.stringify(import.meta.resolve("../../host/host.ts"))});
  const cni = (await import(${JSON.stringify(import.meta.resolve("./mod.ts"))})).default;
  await import(${JSON.stringify(import.meta.resolve("./card.ts"))});
  const [verb, input, statePath] = Deno.args;
  const record = (state) => {
    Deno.writeTextFileSync(statePath + ".part", JSON.stringify(state));
    Deno.renameSync(statePath + ".part", statePath);
  };
  const given = JSON.parse(input);
  console.log("ready");
  if (verb === "detach") await cni.detach(realHost(), given);
  else {
    const signal = new AbortController().signal;
    const result = await cni.attach({ ...given, host: realHost(), record, signal });
    record(result.state);
  }
`;

/** Runs the child and kills it; answers whether it had ended before. */
async function killedAfter(
  lab: CniLab,
  afterMs: number,
  verb: "attach" | "detach",
  given: unknown,
): Promise<boolean> {
  const statePath = `${lab.folder}/state.json`;
  const child = new Deno.Command("nsenter", {
    args: [
      `--net=/run/netns/${lab.network.name}`,
      ...["--", Deno.execPath(), "run", "-A", "--quiet", `${lab.folder}/child.ts`],
      ...[verb, JSON.stringify(given), statePath],
    ],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  try {
    child.kill("SIGKILL");
  } catch { /* it has ended already */ }
  const { success } = await child.status;
  // Plugins that go on hold the other end.
  reader.releaseLock();
  await child.stdout.cancel();
  return success;
}

function recorded(lab: CniLab): JsonObject | undefined {
  try {
    return JSON.parse(Deno.readTextFileSync(`${lab.folder}/state.json`));
  } catch {
    return undefined;
  }
}

for (const verb of ["attach", "detach"] as const) {
  Deno.test({
    name: `${verb}() that is killed at any moment leaves nothing after the next detach()`,
    ignore: noPlugins() !== undefined,
    async fn() {
      await using lab = await cniLab({ plugins: [{ type: "firewall", backend: "iptables" }] });
      await Deno.writeTextFile(`${lab.folder}/child.ts`, CHILD);
      const { host } = lab.network;
      /** Kills later and later until one has ended before; answers how many were killed. */
      const round = async (stepMs: number): Promise<number> => {
        for (let kills = 0; kills < MAX_STEPS; kills++) {
          const { host: _host, record: _record, signal: _signal, ...given } = lab.request();
          const attached = verb === "attach" ? undefined : await cni.attach(lab.request());
          const done = await killedAfter(lab, kills * stepMs, verb, attached?.state ?? given);
          const state = attached?.state ?? recorded(lab);
          if (state !== undefined) await cni.detach(host, state);
          assertNoTraces(await lab.traces());
          if (done) return kills;
        }
        assert.fail(`not done after ${MAX_STEPS * stepMs} ms`);
      };
      let stepMs = STEP_MS;
      while (await round(stepMs) < ENOUGH_KILLS) {
        stepMs /= 2;
        assert.ok(stepMs >= 1, "it is done before it can be killed");
      }
    },
  });
}
