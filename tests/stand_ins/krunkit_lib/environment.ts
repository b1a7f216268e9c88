/** The stand-in's own options, by environment variables only; `../README.md` describes them. */
import { environmentReader, SWITCH } from "../mac_lib/environment.ts";

/** All options. */
export interface StandInOptions {
  appleSilicon: boolean;
  /** What `--version` tells. */
  version: string;
  /** Which libkrun is played: it decides the name of the cards' own sockets. */
  libkrun: "1.18" | "1.19";
  /** Stop where the machine would be made, and print what was understood. */
  parseOnly: boolean;
  /** Play the guest too. */
  withoutGuest: boolean;
  /** A played guest powers itself off after so many milliseconds. */
  guestOffMs: number;
  /** The power button does nothing. */
  ignoreStop: boolean;
  /** libkrun cannot start the machine: without a reason, or for want of the entitlement. */
  startFails: false | "unknown" | "entitlement";
  /** The firmware is not where it should be. */
  withoutFirmware: boolean;
  /** QEMU's command line and its own messages are appended here. */
  qemuLogPath?: string;
  /** Descriptors from 3 to 9 that the launcher was given. */
  inherited: readonly number[];
}

/** @throws {StandInError} for a value that is none */
export function readOptions(env: (name: string) => string | undefined): StandInOptions {
  const { choose, inherited, text, whole } = environmentReader(env);
  const qemuLogPath = text("STAND_IN_QEMU_LOG");
  return {
    appleSilicon: choose(
      "STAND_IN_ARCH",
      { arm64: true, amd64: false },
      Deno.build.arch === "aarch64",
    ),
    version: text("STAND_IN_KRUNKIT_VERSION") ?? "1.2.1",
    libkrun: choose("STAND_IN_LIBKRUN", { "1.18": "1.18", "1.19": "1.19" }, "1.19"),
    parseOnly: choose("STAND_IN_PARSE", SWITCH, false),
    withoutGuest: choose("STAND_IN_NO_GUEST", SWITCH, false),
    guestOffMs: whole("VZ_GUEST_OFF_MS") ?? 100,
    ignoreStop: choose("STAND_IN_IGNORE_STOP", SWITCH, false),
    startFails: choose(
      "KRUN_START_FAIL",
      { "0": false, "1": "unknown", entitlement: "entitlement" },
      false,
    ),
    withoutFirmware: choose("KRUN_NO_FIRMWARE", SWITCH, false),
    ...(qemuLogPath ? { qemuLogPath } : {}),
    inherited: inherited(),
  };
}
