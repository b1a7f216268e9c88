import { cocoon, emptyScript, program } from "./lib/commands.ts";
import { pretendHome } from "./lib/records.ts";
import { type Benchmark, rowsOf } from "./lib/result.ts";
import { takeTurns } from "./lib/turns.ts";

const MACHINES = 100;
const RUNNING = 5;

const EMPTY = "an empty script on Deno";
const QEMU_IMG = "qemu-img --version";
const LIST = `vm list, ${MACHINES} machines`;

/** What the commands take that one calls all day. */
export const list: Benchmark = {
  name: "list",
  about: `version and vm list with ${MACHINES} machines, against an empty script`,
  rounds: 41,
  async run(rounds) {
    const folder = await Deno.makeTempDir({ prefix: "cbench-" });
    try {
      using off = pretendHome(`${folder}/off`, MACHINES, 0);
      using some = pretendHome(`${folder}/some`, MACHINES, RUNNING);
      const subjects = [
        await emptyScript(EMPTY, folder),
        program(QEMU_IMG, ["qemu-img", "--version"]),
        cocoon("version", off.path, ["version"]),
        cocoon(LIST, off.path, ["vm", "list"]),
        cocoon(`${LIST}, ${RUNNING} running`, some.path, ["vm", "list"]),
        cocoon(`${LIST}, as JSON`, off.path, ["vm", "list", "--output", "json"]),
      ];
      return rowsOf(await takeTurns(subjects, rounds), {
        [QEMU_IMG]: { peer: EMPTY },
        version: { peer: EMPTY, budget: 10 },
        [LIST]: { peer: EMPTY, budget: 15 },
        [`${LIST}, ${RUNNING} running`]: { peer: EMPTY },
        [`${LIST}, as JSON`]: { peer: EMPTY },
      });
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  },
};
