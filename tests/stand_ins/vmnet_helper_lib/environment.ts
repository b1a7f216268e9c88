/** The stand-in's own options, by environment variables only; `../README.md` describes them. */
import { environmentReader, SWITCH } from "../mac_lib/environment.ts";
import { type Release, release } from "./versions.ts";

/** How the framework answers a start. `busy`: with a status that vmnet-helper has no name for. */
export type StartOutcome = "ok" | "fail" | "busy" | "hang";

/** All options. */
export interface StandInOptions {
  release: Release;
  /** Major version. */
  macosVersion: number;
  /** The caller is root. */
  root: boolean;
  start: StartOutcome;
  /** What comes of a network that another one is in the way of. */
  conflict: "hang" | "busy";
  /** Milliseconds from the ready line to the socket. */
  socketDelayMs: number;
  /** The guest takes no packets, which keeps an old vmnet-helper from ending. */
  stalled: boolean;
  /** Names of the networks that the broker has; undefined where no broker is installed. */
  broker?: readonly string[];
  /** What can be bridged; undefined: what there is. */
  interfaces?: readonly string[];
  /** File of DHCP leases, in the format of /var/db/dhcpd_leases. */
  leasesPath?: string;
  /** Descriptors that the launcher was given. */
  inherited: readonly number[];
  /** argv[0]. */
  program: string;
  /** Whom sudo runs it for. */
  sudoUid?: string;
  sudoGid?: string;
}

/** @throws {StandInError} for a value that is none */
export function readOptions(env: (name: string) => string | undefined): StandInOptions {
  const { choose, inherited, list, text, whole } = environmentReader(env);
  const broker = list("STAND_IN_VMNET_BROKER");
  const interfaces = list("STAND_IN_VMNET_INTERFACES");
  const leasesPath = text("STAND_IN_LEASES");
  const [sudoUid, sudoGid] = [text("SUDO_UID"), text("SUDO_GID")];
  return {
    release: release(text("STAND_IN_VMNET_VERSION")),
    macosVersion: whole("VZ_MACOS") ?? 15,
    root: choose("STAND_IN_VMNET_ROOT", SWITCH, true),
    start: choose(
      "STAND_IN_VMNET_START",
      { ok: "ok", fail: "fail", busy: "busy", hang: "hang" },
      "ok",
    ),
    conflict: choose("STAND_IN_VMNET_CONFLICT", { hang: "hang", fail: "busy" }, "hang"),
    socketDelayMs: whole("STAND_IN_VMNET_SOCKET_DELAY_MS") ?? 50,
    stalled: choose("STAND_IN_VMNET_STALL", SWITCH, false),
    inherited: inherited(),
    program: text("STAND_IN_PROGRAM") ?? "vmnet-helper",
    ...(broker === undefined ? {} : { broker }),
    ...(interfaces === undefined ? {} : { interfaces }),
    ...(leasesPath ? { leasesPath } : {}),
    ...(sudoUid === undefined ? {} : { sudoUid }),
    ...(sudoGid === undefined ? {} : { sudoGid }),
  };
}
