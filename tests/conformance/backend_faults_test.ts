import assert from "node:assert/strict";
import { CocoonError } from "../../errors/error.ts";
import type { Backend, LaunchPlan } from "../../plugins/contract.ts";
import { backendChecks } from "./backend.ts";
import { failures } from "./check.ts";
import { caught } from "./faults.ts";
import { toyBackend, toyControl, toyFixture, toyPlan, toyProcess } from "./toy_backend.ts";

const toy = (fault: Partial<Backend>) => backendChecks({ ...toyBackend, ...fault }, toyFixture);
const toyPlanWith = (change: (plan: LaunchPlan) => Partial<LaunchPlan>) =>
  toy({
    plan(request) {
      const plan = toyPlan(request);
      return { ...plan, ...change(plan) };
    },
  });

Deno.test("the suite passes a backend that keeps the contract", async () => {
  assert.deepEqual(await failures(toy({})), new Map());
});

const CAPABILITIES = "capabilities() is the same known data every time and looks at nothing";
const PURE = "plan() is plain data, the same every time, and looks at nothing";
const FORETOLD = "refusals() foretells what plan() refuses, with a way out";
const REFUSAL = new CocoonError("usage", "toy: no", { hint: "Play with something else." });
const isThere = (path: string) => Deno.statSync(path).isFile;
const SCHEMA_UNKNOWN = "settings: an unknown key is an issue at its path";
let calls = 0;

caught("a member that is missing", "shape: every member of the contract", () => {
  const { probe: _, ...rest } = toyBackend;
  return backendChecks(rest as Backend, toyFixture); // the fault
});
caught(
  "settings that accept anything",
  SCHEMA_UNKNOWN,
  () => toy({ settingsSchema: { keys: {}, parse: (settings) => ({ settings }) } }),
);
caught(
  "a check of settings that changes the table",
  "settings: checking changes neither the table nor does it look at the computer",
  () =>
    toy({
      settingsSchema: {
        keys: {},
        parse: (settings) => {
          if (Object.keys(settings).length > 0) settings["seen"] = true;
          return { settings };
        },
      },
    }),
);
caught("capabilities that look at the computer", CAPABILITIES, () =>
  toy({
    capabilities: (host, settings) => ({
      ...toyBackend.capabilities(host, settings),
      pause: Deno.statSync("/").isDirectory,
    }),
  }));
caught("capabilities that change", CAPABILITIES, () =>
  toy({
    capabilities: (host, settings) => ({
      ...toyBackend.capabilities(host, settings),
      maxDisks: 4 + calls++,
    }),
  }));
caught("a kind of attachment that nobody knows", CAPABILITIES, () =>
  toy({
    capabilities: (host, settings) => ({
      ...toyBackend.capabilities(host, settings),
      attachments: ["carrier-pigeon" as "user"],
    }),
  }));
caught(
  "a doctor that finds nothing on a bare computer",
  "check() on a computer with nothing installed says what to do",
  () => toy({ check: () => Promise.resolve([]) }),
);
caught(
  "a probe that fails without saying what to install",
  "probe() on a computer with nothing installed says what to install",
  () => toy({ probe: () => Promise.reject(new Error("ENOENT")) }),
);
caught(
  "refusals of everything",
  "refusals() has nothing against a machine of every day, and looks at nothing",
  () => toy({ refusals: () => [REFUSAL] }),
);
caught("refusals that look at the disk", FORETOLD, () =>
  toy({
    refusals: ({ disks }) =>
      disks.some(({ path }) => path.includes(",") && isThere(path)) ? [] : [],
  }));
caught("a plan that refuses what create let pass", FORETOLD, () =>
  toy({
    plan(request) {
      if (request.machine.disks.some(({ path }) => path.includes(","))) throw REFUSAL;
      return toyPlan(request);
    },
  }));
caught("refusals without a way out", FORETOLD, () => {
  const refuse = (disks: readonly { path: string }[]) =>
    disks.some(({ path }) => path.includes(",")) ? [new CocoonError("usage", "no")] : [];
  return toy({ refusals: ({ disks }) => refuse(disks) });
});
caught(
  "a plan with the time in it",
  PURE,
  () => toyPlanWith((plan) => ({ consoleLogPath: `${plan.consoleLogPath}.${calls++}` })),
);
caught(
  "a plan that reads a file",
  PURE,
  () => toyPlanWith(() => ({ readyTimeoutMs: Deno.readTextFileSync("/proc/uptime").length })),
);
caught("a plan that changes its request", PURE, () =>
  toy({
    plan(request) {
      request.machine.nics.push(...request.machine.nics);
      return toyPlan(request);
    },
  }));
caught(
  "a plan that JSON does not carry",
  PURE,
  () => toyPlanWith((plan) => ({ links: [undefined, ...plan.links] as LaunchPlan["links"] })),
);
caught(
  "a companion after the hypervisor",
  "plan() starts each role once, the hypervisor last, by whole commands",
  () =>
    toyPlanWith((plan) => ({ processes: [...plan.processes, { ...toyProcess, role: "late" }] })),
);
caught(
  "an argument that was undefined",
  "plan() starts each role once, the hypervisor last, by whole commands",
  () =>
    toyPlanWith(() => ({ processes: [{ ...toyProcess, argv: ["/usr/bin/toy", "-m=undefined"] }] })),
);
caught(
  "a log outside the machine's folders",
  "plan() makes files in the machine's folders only",
  () => toyPlanWith(() => ({ consoleLogPath: "/tmp/console.log" })),
);
caught(
  "a socket in the data folder",
  "plan() has sockets in the run folder, by paths that fit",
  () =>
    toyPlanWith(() => ({ control: { socketPath: "/home/user/.cocoon/vms/abcdefgh2345/c.sock" } })),
);
caught(
  "a variable store that every start resets",
  "plan() keeps a variable store that is there",
  () =>
    toyPlanWith((plan) => ({
      files: plan.files.map((file) => ({ ...file, onlyIfAbsent: false })),
    })),
);
caught(
  "a disk that is left out",
  "plan() uses what the machine has: disks, cards, boot files",
  () =>
    toy({ plan: (wanted) => toyPlan({ ...wanted, machine: { ...wanted.machine, disks: [] } }) }),
);
caught(
  "a link that the hypervisor does not get",
  "plan() gives the hypervisor the links of its cards, as descriptors of its own",
  () => toyPlanWith((plan) => ({ processes: plan.processes.map((p) => ({ ...p, links: [] })) })),
);
caught(
  "a start without a deadline",
  "plan() waits a limited time",
  () => toyPlanWith(() => ({ readyTimeoutMs: Infinity })),
);
caught(
  "a path that all machines share",
  "plan() of another machine shares no path and no socket with it",
  () => toyPlanWith(() => ({ consoleLogPath: "/home/user/.cocoon/vms/abcdefgh2345/console.log" })),
);
caught(
  "an explanation of everything",
  "explainFailure() says nothing about a log that it does not know",
  () => toy({ explainFailure: () => ({ message: "it failed" }) }),
);
caught(
  "a control that connects when it is made",
  "control() connects only when it is called",
  () =>
    toy({
      control({ socketPath }) {
        Deno.statSync(socketPath);
        return toyControl(socketPath);
      },
    }),
);
caught(
  "a promised pause that is not there",
  "control() has the methods that the capabilities and the console promise",
  () =>
    toy({
      control({ socketPath }) {
        const { pause: _, ...rest } = toyControl(socketPath);
        return rest;
      },
    }),
);
caught(
  "a control that lets the system's error through",
  "every call on a hypervisor that is gone fails as the contract says",
  () =>
    toy({
      control: ({ socketPath }) => ({
        ...toyControl(socketPath),
        requestStop: async () => {
          (await Deno.connect({ transport: "unix", path: socketPath })).close();
        },
      }),
    }),
);
caught(
  "a control that waits for ever",
  "every call on a hypervisor that hangs ends at its deadline",
  () =>
    toy({
      control: ({ socketPath }) => ({
        ...toyControl(socketPath),
        quit: () => new Promise<never>(() => {}),
      }),
    }),
);
caught(
  "a control that believes anybody",
  "every call on something that is no hypervisor fails as the contract says",
  () =>
    toy({
      control: ({ socketPath }) => ({
        ...toyControl(socketPath),
        state: () => Promise.resolve("running" as const),
      }),
    }),
);
