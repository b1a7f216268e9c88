/** Machines, computers and reservations that conformance suites hand to plugins. */
import { CocoonError } from "../../errors/error.ts";
import { realHost } from "../../host/host.ts";
import type {
  Architecture,
  Boot,
  Host,
  HostFacts,
  Machine,
  MachineDirs,
  Nic,
  Reservations,
} from "../../plugins/contract.ts";

/** Computers that plugins are asked about. */
export const HOSTS: readonly HostFacts[] = (["linux", "darwin"] as const).flatMap((os) =>
  (["x86_64", "aarch64"] as const).map((architecture) => ({
    os,
    architecture,
    cpus: 8,
    memoryBytes: 16 * 2 ** 30,
  }))
);

/** This computer's facts and nothing else: no program, no file, no variable. */
export function bareHost(): Host {
  const real = realHost();
  return {
    os: real.os,
    architecture: real.architecture,
    cpus: real.cpus,
    memoryBytes: real.memoryBytes,
    env: () => undefined,
    which: () => undefined,
    exists: () => false,
    run: ([program]) =>
      Promise.reject(new CocoonError("host-lacks", `${program}: program not found`)),
    now: () => new Date(0),
  };
}

/** The folders of a machine; nothing is there. */
export const DIRS: MachineDirs = {
  data: "/home/user/.cocoon/vms/abcdefgh2345",
  run: "/home/user/.cocoon/run/abcdefgh2345",
};

/** A NIC without forwards. */
export function sampleNic(index = 0): Nic {
  return { index, network: "default", mac: `52:54:00:12:34:0${index}`, forwards: [] };
}

/** A machine that every device is wished for. */
export function sampleMachine(
  boot: Boot["kind"],
  { id = "abcdefgh2345", architecture = "x86_64" as Architecture } = {},
): Machine {
  return {
    id,
    name: "sample",
    uuid: "7d444840-9dc0-11d1-b245-5ffdce74fad2",
    architecture,
    cpus: 2,
    memoryBytes: 512 * 2 ** 20,
    boot: boots[boot],
    disks: [
      {
        role: "root",
        path: `${DIRS.data}/root.disk`,
        format: "raw",
        serial: "root",
        readOnly: false,
      },
      {
        role: "seed",
        path: `${DIRS.data}/seed.iso`,
        format: "raw",
        serial: "seed",
        readOnly: true,
      },
    ],
    nics: [sampleNic()],
    devices: { rng: true, balloon: true, vsock: { cid: 1234 } },
  };
}

const boots: { [K in Boot["kind"]]: Extract<Boot, { kind: K }> } = {
  efi: { kind: "efi", variableStorePath: `${DIRS.data}/efi-variables` },
  linux: {
    kind: "linux",
    kernelPath: `${DIRS.data}/vmlinuz`,
    initrdPath: `${DIRS.data}/initrd`,
    commandLine: "console=hvc0 quiet",
  },
  macos: {
    kind: "macos",
    machineIdentifierPath: `${DIRS.data}/machine-identifier`,
    hardwareModelPath: `${DIRS.data}/hardware-model`,
    auxImagePath: `${DIRS.data}/aux-image`,
  },
};

/** The reservations of one home, by the rules of the contract, without a store. */
export class HomeReservations {
  readonly #owners = new Map<string, string>();

  /** The view of one NIC of one machine. */
  of(owner: string): Reservations {
    return {
      reserve: (kind, candidates, usable) => {
        const all = [...candidates];
        const ownerOf = (value: string) => this.#owners.get(`${kind} ${value}`);
        const value = all.find((v) => ownerOf(v) === owner && usable(v)) ??
          all.find((v) => ownerOf(v) === undefined && usable(v));
        if (value === undefined) {
          throw new CocoonError("conflict", `no free ${kind}`, { hint: "Free one." });
        }
        this.#owners.set(`${kind} ${value}`, owner);
        return value;
      },
    };
  }
}
