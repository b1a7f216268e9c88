import { join } from "../../host/path.ts";
import { FileLock } from "../../state/locks.ts";
import { Home, openHome } from "../../state/home.ts";
import type { MachineRecord } from "../../state/machine_record.ts";
import { openStore } from "../../state/store.ts";
import { exampleRecord } from "../../state/testing.ts";
import { aliveLockPath, supervisorLockPath } from "../../vm/liveness.ts";

const SSH_PORT = 22_000;

/** A home with machines that were never made: records alone. */
export interface PretendHome extends Disposable {
  path: string;
}

/**
 * Fills a home with records like those of `vm create`, the first `running` of which look as if
 * they ran: this process holds the locks that a hypervisor and a supervisor would hold.
 */
export function pretendHome(path: string, machines: number, running: number): PretendHome {
  const home = openHome(path);
  using store = openStore(home);
  const locks: FileLock[] = [];
  for (let number = 0; number < machines; number++) {
    const record = pretendRecord(home, number, number < running);
    store.machines.insert(record);
    if (number >= running) continue;
    Deno.mkdirSync(home.runDir(record.id), { mode: 0o700 });
    for (const lockPath of [aliveLockPath(home, record.id), supervisorLockPath(home, record.id)]) {
      const lock = FileLock.tryTake(lockPath);
      if (lock !== undefined) locks.push(lock);
    }
  }
  return { path, [Symbol.dispose]: () => locks.forEach((lock) => lock.release()) };
}

function pretendRecord(home: Home, number: number, runs: boolean): MachineRecord {
  const id = number.toString(16).padStart(12, "0");
  const name = `machine-${number}`;
  const base = exampleRecord({ id, name });
  const network = "default";
  const mac = `52:54:00:00:00:${number.toString(16).padStart(2, "0")}`;
  const data = home.machineDir(id);
  const run = home.runDir(id);
  return {
    ...base,
    state: runs ? "running" : "stopped",
    desired: runs ? "running" : "stopped",
    spec: {
      ...base.spec,
      image: "debian:12",
      diskBytes: 20 * 1024 ** 3,
      networks: [{ network, mac, forwards: [] }],
    },
    machine: {
      ...base.machine,
      disks: [
        {
          role: "root",
          path: join(data, "root.qcow2"),
          format: "qcow2",
          serial: "root",
          readOnly: false,
        },
        {
          role: "seed",
          path: join(data, "seed.iso"),
          format: "raw",
          serial: "seed",
          readOnly: true,
        },
      ],
      nics: [{ index: 0, network, mac, forwards: [] }],
    },
    launch: { ...base.launch, networks: [{ provider: "nat", settings: {} }] },
    nicStates: [{ sshPort: SSH_PORT + number }],
    ...(runs
      ? {
        run: {
          control: { socketPath: join(run, "qmp.sock") },
          console: { kind: "socket", path: join(run, "console.sock"), loggedBy: "hypervisor" },
          consoleLogPath: join(data, "console.log"),
          processes: { hypervisor: { pid: Deno.pid, startedAt: "pretended" } },
        },
      }
      : {}),
  };
}
