import { CocoonError } from "../errors/error.ts";
import { smallGuest } from "../tests/guests/cache.ts";
import { directBoot, supervisors } from "../tests/support/machines.ts";
import { tempHome } from "../tests/support/temp_home.ts";
import { runCocoon } from "./lib/commands.ts";
import { type Benchmark, type Row, rowOf } from "./lib/result.ts";

/** The guests have booted by then, and the supervisors have collected their garbage. */
const SETTLE_MS = 30_000;

/** Fields of smaps_rollup (proc_pid_smaps(5)) by what they are called here. */
const FIELDS = {
  "resident (RSS)": ["Rss"],
  "proportional (PSS): shared pages divided by their users": ["Pss"],
  "private": ["Private_Clean", "Private_Dirty"],
} as const;

/** The memory that a supervisor takes beside its machine. */
export const supervisor: Benchmark = {
  name: "supervisor",
  about: "memory of each supervisor while so many machines run as there are rounds",
  rounds: 3,
  async run(machines) {
    if (Deno.build.os !== "linux") {
      throw new CocoonError("host-lacks", "supervisor: its memory is read from /proc", {
        hint: "Measure it on Linux.",
      });
    }
    const guest = await smallGuest(Deno.build.arch);
    await using home = await tempHome();
    const names = Array.from({ length: machines }, (_, index) => `bench-${index}`);
    for (const name of names) {
      await runCocoon(home.path, ["vm", "create", "--name", name, ...directBoot(guest)]);
    }
    try {
      await runCocoon(home.path, ["vm", "start", ...names]);
      await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      return memoryRows(supervisors(home));
    } finally {
      await runCocoon(home.path, ["vm", "rm", "--force", ...names]);
    }
  },
};

function memoryRows(pids: readonly number[]): Row[] {
  const all = pids.map((pid) => Deno.readTextFileSync(`/proc/${pid}/smaps_rollup`));
  return Object.entries(FIELDS).map(([what, fields]) =>
    rowOf(
      what,
      "bytes",
      all.map((text) => fields.reduce((sum, field) => sum + kibibytes(text, field) * 1024, 0)),
    )
  );
}

function kibibytes(text: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? NaN);
}
