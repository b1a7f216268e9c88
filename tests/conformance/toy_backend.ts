/** A backend that keeps the contract, without a hypervisor: what faults are put into. */
import { CocoonError } from "../../errors/error.ts";
import type {
  Backend,
  Control,
  LaunchPlan,
  PlannedProcess,
  PlanRequest,
} from "../../plugins/contract.ts";
import { defineSettings } from "../../plugins/settings.ts";
import type { BackendFixture } from "./backend.ts";

/** The fixture that fits it. */
export const toyFixture: BackendFixture = {
  facts: { os: "linux", architecture: "x86_64", cpus: 4, memoryBytes: 2 ** 33 },
  settings: {},
  probe: () => ({ program: "/usr/bin/toy" }),
};

/** The backend. */
export const toyBackend: Backend = {
  kind: "backend",
  name: "toy",
  summary: "a backend for tests",
  settingsSchema: defineSettings({
    binary: { type: "path", description: "the program" },
  }),
  capabilities: () => ({
    architectures: ["x86_64"],
    boots: ["efi", "linux"],
    diskFormats: ["raw"],
    attachments: ["user", "dgram-fd"],
    maxDisks: 4,
    maxNics: 1,
    pause: true,
    balloon: false,
    vsock: false,
    rng: true,
    screenshot: false,
    console: "read-write",
  }),
  check: () =>
    Promise.resolve([{ level: "error", subject: "toy", message: "not there", fix: "get one" }]),
  probe: () =>
    Promise.reject(new CocoonError("host-lacks", "toy: not installed", { hint: "Get one." })),
  plan: toyPlan,
  control: (endpoint) => toyControl(endpoint.socketPath),
};

/** A process of a plan. */
export const toyProcess: PlannedProcess = {
  role: "hypervisor",
  argv: ["/usr/bin/toy"],
  env: {},
  logPath: "/home/user/.cocoon/vms/abcdefgh2345/toy.log",
  links: [],
};

/** Its plan. */
export function toyPlan({ machine, attachments, dirs, probe }: PlanRequest): LaunchPlan {
  const { boot } = machine;
  return {
    processes: [{
      ...toyProcess,
      argv: [
        String(probe["program"]),
        ...machine.disks.map((disk) => disk.path),
        ...machine.nics.map((nic) => nic.mac),
        ...Object.values(boot),
      ],
      logPath: `${dirs.data}/hypervisor.log`,
      links: attachments.flatMap((attachment, index) =>
        attachment.kind === "dgram-fd" ? [{ link: attachment.link, fd: 3 + index }] : []
      ),
    }],
    links: [],
    files: boot.kind === "efi"
      ? [{ path: boot.variableStorePath, source: { text: "" }, onlyIfAbsent: true }]
      : [],
    console: { kind: "socket", path: `${dirs.run}/console.sock`, loggedBy: "supervisor" },
    consoleLogPath: `${dirs.data}/console.log`,
    control: { socketPath: `${dirs.run}/control.sock` },
    readyTimeoutMs: 10_000,
  };
}

/** Its control: a line is asked, a line of `ok` is the answer. */
export function toyControl(socketPath: string): Control {
  const ask = async (timeoutMs: number): Promise<void> => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const connection = await Deno.connect({ transport: "unix", path: socketPath });
      // Closing a connection ends its reads.
      timer = setTimeout(() => connection.close(), timeoutMs);
      const bytes = new Uint8Array(64);
      const count = await connection.read(bytes);
      clearTimeout(timer);
      connection.close();
      if (new TextDecoder().decode(bytes.subarray(0, count ?? 0)) !== "ok\n") {
        throw new Error("not a toy");
      }
    } catch (cause) {
      throw new CocoonError("failed", `toy: ${String(cause)}`, { cause });
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    state: async (timeoutMs) => {
      await ask(timeoutMs);
      return "running";
    },
    requestStop: ask,
    quit: ask,
    pause: ask,
    resume: ask,
  };
}
