/** What tests of the provider need: a Mac whose programs are played. */
import { realHost } from "../../host/host.ts";
import type { Host, RunResult } from "../../plugins/contract.ts";

/** A program that exists, belongs to root, and is never run. */
export const PROGRAM = "/bin/sh";

/** What of a Mac decides how the helper is started. */
export interface PlayedMac {
  /** `sw_vers -productVersion`. */
  macos?: string;
  /** Of the helper. */
  version?: string;
  /** Where helpers are, and the real paths that they stand for. */
  helpers?: Record<string, string>;
  /** Whether sudo asks for a password. */
  sudoAsks?: boolean;
  /** `--list-shared-interfaces`. */
  interfaces?: string[];
}

/** A played Mac, and what was run on it. */
export interface PlayedHost extends Host {
  ran: string[];
}

export function playedMac(
  { macos = "26.2", version = "0.13.0", helpers = {}, sudoAsks = false, interfaces = ["en0"] }:
    PlayedMac = {},
): PlayedHost {
  const ran: string[] = [];
  const answer = (code: number, stdout: string): RunResult => ({ code, stdout, stderr: "" });
  return {
    ...realHost(),
    os: "darwin",
    ran,
    which: (program) => {
      if (program === "sw_vers" || program === "sudo") return `/usr/bin/${program}`;
      return program === PROGRAM ? program : helpers[program];
    },
    run: (argv) => {
      ran.push(argv.join(" "));
      const [program, ...args] = argv;
      if (program === "sw_vers") return Promise.resolve(answer(0, `${macos}\n`));
      if (program === "/usr/bin/sudo") return Promise.resolve(answer(sudoAsks ? 1 : 0, ""));
      if (args[0] === "--version") {
        return Promise.resolve(answer(0, `version: v${version}\ncommit: abc\n`));
      }
      if (args[0] === "--list-shared-interfaces") {
        return Promise.resolve(answer(0, interfaces.map((name) => `${name}\n`).join("")));
      }
      return Promise.resolve(answer(0, ""));
    },
  };
}
