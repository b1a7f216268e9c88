/** Runs a machine from its plan, with nothing between the plan and QEMU. For tests only. */
import { identify, spawnDetached, waitForEnd } from "../../../host/process.ts";
import { realHost } from "../../../host/host.ts";
import type { Control, LaunchPlan, Machine, PlanRequest } from "../../../plugins/contract.ts";
import qemu from "../mod.ts";
import { eventually } from "./real_qemu.ts";

/** A machine that was started. */
export interface RunningMachine {
  plan: LaunchPlan;
  control: Control;
  pid: number;
  /** True once QEMU has ended. */
  ended(timeoutMs: number): Promise<boolean>;
  /** Waits until the console's log has the text, and returns the whole log. */
  consoleShows(text: string, timeoutMs: number): Promise<string>;
}

/** What is run, and how. */
export interface RunOptions {
  machine: Machine;
  attachments?: PlanRequest["attachments"];
  settings?: PlanRequest["settings"];
  /** Holds the machine's folders; the caller removes it. */
  directory: string;
  /** Descriptors that QEMU inherits, from 3 on. */
  inherit?: number[];
}

/** Probes, plans, makes the files, starts QEMU and waits until it says that it runs. */
export async function withMachine(
  options: RunOptions,
  use: (running: RunningMachine) => Promise<void>,
): Promise<void> {
  const { machine, directory } = options;
  const host = realHost();
  const parsed = qemu.settingsSchema.parse({ accelerator: "tcg", ...options.settings });
  if ("issues" in parsed) throw new TypeError(JSON.stringify(parsed.issues));
  const plan = qemu.plan({
    machine,
    host,
    attachments: options.attachments ?? [],
    dirs: { data: directory, run: directory },
    probe: await qemu.probe(host, machine, parsed.settings),
    settings: parsed.settings,
  });
  for (const { path, source, onlyIfAbsent } of plan.files) {
    if (onlyIfAbsent && host.exists(path)) continue;
    if ("copyOf" in source) await Deno.copyFile(source.copyOf, path);
    else await Deno.writeTextFile(path, source.text);
  }
  const [process] = plan.processes;
  if (process === undefined) throw new TypeError("a plan has a hypervisor");
  const child = await spawnDetached(process.argv, {
    logPath: process.logPath,
    ...(options.inherit ? { inherit: options.inherit } : {}),
  });
  const pid = child.pid ?? 0;
  const identity = identify(pid);
  const ended = async (timeoutMs: number) =>
    identity === undefined || await waitForEnd(identity, timeoutMs);
  try {
    const control = qemu.control(plan.control);
    let gone = false;
    await eventually(10_000, async () => {
      gone = await ended(0);
      if (gone) return;
      const state = await control.state(1000);
      if (state !== "running") throw new Error(`state is ${state}`);
    });
    if (gone) throw new Error(`QEMU ended: ${await Deno.readTextFile(process.logPath)}`);
    await use({
      plan,
      control,
      pid,
      ended,
      consoleShows: (text, timeoutMs) =>
        eventually(timeoutMs, async () => {
          const log = await Deno.readTextFile(plan.consoleLogPath);
          if (!log.includes(text)) throw new Error(`no "${text}" in:\n${log.slice(-2000)}`);
          return log;
        }),
    });
  } finally {
    if (!await ended(0)) Deno.kill(pid, "SIGKILL");
    await ended(5000);
  }
}
