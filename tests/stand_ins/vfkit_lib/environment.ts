/**
 * The stand-in's own options. They come by environment variables only, for the command line
 * belongs to vfkit. All are described in `../README.md`.
 */
import { environmentReader, SWITCH } from "../mac_lib/environment.ts";
import { type Release, release } from "./versions.ts";

/** The Mac that is played. */
export interface MacFacts {
  appleSilicon: boolean;
  /** Major version. */
  macosVersion: number;
  nested: boolean;
  rosetta: "unsupported" | "not-installed" | "installed";
  rosettaInstallFails: boolean;
  /** The program has the entitlement `com.apple.security.virtualization`. */
  entitled: boolean;
  maxCpus: number;
  maxMemoryMib: number;
}

/** How a start ends. `hang`: the machine never comes to run. */
export type StartOutcome = "ok" | "fail" | "limit" | "hang";

/** All options. */
export interface StandInOptions {
  release: Release;
  mac: MacFacts;
  start: StartOutcome;
  /** Stop where the machine would start, and print what was understood. */
  parseOnly: boolean;
  /** Make no files and sockets and ask nothing of the framework. */
  withoutFramework: boolean;
  /** Play the guest too. */
  withoutGuest: boolean;
  /** The guest powers itself off after so many milliseconds; only without a real one. */
  guestOffMs?: number;
  /** The power button does nothing. */
  ignoreStop: boolean;
  /** `HardStop` is answered before the process ends; else its connection is cut. */
  hardStopAnswers: boolean;
  /** File of DHCP leases, in the format of /var/db/dhcpd_leases. */
  leasesPath?: string;
  /** Ports of a guest on `nat` that its lease's address answers on. */
  natPorts: readonly number[];
  /** QEMU's command line and its own messages are appended here. */
  qemuLogPath?: string;
  /** Descriptors from 3 to 9 that the launcher was given. */
  inherited: readonly number[];
}

const ROSETTA = { "0": "unsupported", "1": "not-installed", "2": "installed" } as const;
const ARCHITECTURES = { arm64: true, amd64: false } as const;
const STARTS = { ok: "ok", fail: "fail", limit: "limit", hang: "hang" } as const;
/** @throws {StandInError} for a value that is none */
export function readOptions(env: (name: string) => string | undefined): StandInOptions {
  const { choose, inherited, list, text, whole } = environmentReader(env);
  const guestOffMs = whole("VZ_GUEST_OFF_MS");
  const leasesPath = text("STAND_IN_LEASES");
  const qemuLogPath = text("STAND_IN_QEMU_LOG");
  return {
    release: release(text("STAND_IN_VFKIT_VERSION")),
    mac: {
      appleSilicon: choose("STAND_IN_ARCH", ARCHITECTURES, Deno.build.arch === "aarch64"),
      macosVersion: whole("VZ_MACOS") ?? 15,
      nested: choose("VZ_NESTED", SWITCH, false),
      rosetta: choose("VZ_ROSETTA", ROSETTA, "installed"),
      rosettaInstallFails: choose("VZ_ROSETTA_INSTALL", { ok: false, fail: true }, false),
      entitled: choose("VZ_ENTITLED", SWITCH, true),
      maxCpus: whole("VZ_MAX_CPUS") ?? 8,
      maxMemoryMib: whole("VZ_MAX_MEMORY_MIB") ?? 16_384,
    },
    start: choose("VZ_START", STARTS, "ok"),
    parseOnly: choose("STAND_IN_PARSE", SWITCH, false),
    withoutFramework: choose("ORACLE_NOVZ", SWITCH, false),
    withoutGuest: choose("STAND_IN_NO_GUEST", SWITCH, false),
    ...(guestOffMs === undefined ? {} : { guestOffMs }),
    ignoreStop: choose("STAND_IN_IGNORE_STOP", SWITCH, false),
    hardStopAnswers: choose("STAND_IN_HARD_STOP", { cut: false, answer: true }, false),
    ...(leasesPath ? { leasesPath } : {}),
    natPorts: (list("STAND_IN_NAT_PORTS") ?? ["22"]).map(Number),
    ...(qemuLogPath ? { qemuLogPath } : {}),
    inherited: inherited(),
  };
}
