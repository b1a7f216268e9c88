import type { PlanRequest, StartFailure } from "../../plugins/contract.ts";
import { type AppleError, parseAppleError } from "./apple_error.ts";

/** The line that signs vfkit anew with what it needs; any signing without it takes that away. */
export const ENTITLEMENT_FIX = "brew reinstall vfkit, whose program is signed with it";

/**
 * Explains a vfkit that ended before its machine ran, from the tail of its log. Apple's errors are
 * told apart by their code (VZError.h); the code of a wrong configuration needs its reason too.
 */
export function explainFailure(logTail: string, request: PlanRequest): StartFailure | undefined {
  const apple = parseAppleError(logTail);
  if (apple?.domain === "VZErrorDomain") return explainApple(apple, request);
  for (const { pattern, explain } of RULES) {
    const match = pattern.exec(logTail);
    if (match !== null) return explain(match[1] ?? "", request);
  }
  return undefined;
}

function explainApple(error: AppleError, request: PlanRequest): StartFailure {
  const { machine } = request;
  const said = error.reason || error.description;
  switch (error.code) {
    case 1:
      return {
        message: `macOS could not run the machine: ${said}`,
        hint: "Console.app may say more, for the process com.apple.Virtualization.",
      };
    case 2:
      return explainConfiguration(said, request);
    case 5:
      return {
        message: `a disk of machine "${machine.name}" is no disk image that macOS takes: ${said}`,
        hint: "A raw disk is a whole number of sectors of 512 bytes.",
      };
    case 6:
      return {
        message: "macOS runs as many virtual machines as it allows at once",
        hint: machine.boot.kind === "macos"
          ? "Two macOS guests are allowed: stop another one, of any program."
          : "Stop another machine, of any program; if none runs, restart this computer.",
      };
    case 10:
      return {
        message: `this macOS cannot do what the machine asks for: ${said}`,
        hint: "See what each feature needs: cocoon doctor",
      };
    default:
      return { message: `macOS refused the machine (VZError ${error.code}): ${said}` };
  }
}

/** Code 2 stands for whatever the framework finds wrong before it starts anything. */
function explainConfiguration(said: string, { machine, host }: PlanRequest): StartFailure {
  if (/entitlement/i.test(said)) {
    return {
      message: "vfkit lacks the entitlement com.apple.security.virtualization",
      hint: ENTITLEMENT_FIX,
    };
  }
  if (/storage device attachment/i.test(said)) {
    return {
      message: `a disk of machine "${machine.name}" cannot be attached; it is in use, or damaged`,
      hint: "Stop whatever has the disk open, then start the machine again.",
      heldFiles: machine.disks.map(({ path }) => path),
    };
  }
  if (/memory/i.test(said)) {
    return {
      message: `macOS does not give a machine ${mebibytes(machine.memoryBytes)} of memory ` +
        `(this computer has ${mebibytes(host.memoryBytes)}): ${said}`,
      hint: "Give the machine less memory, or more than 128M.",
    };
  }
  if (/cpu/i.test(said)) {
    return {
      message: `macOS does not give a machine ${machine.cpus} CPUs ` +
        `(this computer has ${host.cpus}): ${said}`,
      hint: "Give the machine fewer CPUs.",
    };
  }
  return { message: `macOS refused the machine's configuration: ${said}` };
}

interface Rule {
  pattern: RegExp;
  explain(found: string, request: PlanRequest): StartFailure;
}

/** vfkit's own words on standard error, most telling first; `found` is the first group. */
const RULES: Rule[] = [
  {
    pattern: /unsupported macOS version/,
    explain: (_found, { machine }) => ({
      message: `machine "${machine.name}" needs a newer macOS than this computer has`,
      hint: "See which feature needs which macOS: cocoon doctor",
    }),
  },
  {
    pattern: /kernel must be uncompressed, (.+) is a compressed file/,
    explain: (path) => ({
      message: `the kernel ${path} is compressed, which cannot boot on Apple silicon`,
      hint: "Make the machine anew: cocoon unpacks a kernel when it makes a machine.",
    }),
  },
  {
    pattern: /listen unix (.+): bind: address already in use/,
    explain: (path) => ({
      message: `the socket ${path} is there already`,
      hint: "Another vfkit may run for this machine: cocoon vm list",
    }),
  },
  {
    pattern: /failed to (?:open|read the header of) file (.+?): /,
    explain: (path, { machine }) => ({
      message: `a disk of machine "${machine.name}" cannot be read: ${path}`,
    }),
  },
  {
    pattern: /vfkit does not support qcow2 image format/,
    explain: (_found, { machine }) => ({
      message: `a disk of machine "${machine.name}" is a qcow2 file, which vfkit cannot run`,
      hint: 'Make the machine with storage = "auto", which gives vfkit raw disks.',
    }),
  },
  {
    pattern: /running macOS guests is only supported on ARM devices/,
    explain: () => ({ message: "macOS guests run on Apple silicon only" }),
  },
  {
    pattern: /(rosetta is (?:not supported|not installed|unsupported[^\n]*))/,
    explain: (why) => ({
      message: `the share for Rosetta cannot be made: ${why}`,
      hint: "softwareupdate --install-rosetta",
    }),
  },
  {
    pattern: /nested virtualization is not supported/,
    explain: () => ({
      message: "this Mac has no nested virtualization",
      hint: "It needs an M3 or newer with macOS 15: remove `nested` from [backends.vfkit].",
    }),
  },
  {
    pattern: /dial unixgram .*->(.+?): connect: /,
    explain: (path) => ({
      message: `nobody answers at the network's socket ${path}`,
      hint: "See what the network needs: cocoon doctor",
    }),
  },
  {
    pattern: /(timeout waiting for VM state|hypervisor virtualization error)/,
    explain: (what) => ({
      message: `macOS could not bring the machine up: ${what}`,
      hint: "Console.app may say more, for the process com.apple.Virtualization.",
    }),
  },
  {
    pattern:
      /^((?:unknown (?:shorthand )?flag|unknown options? for|unknown device type|flag needs an argument|invalid argument)[^\n]*)/m,
    explain: (what) => ({
      message: `vfkit does not take an argument: ${what}`,
      hint: "See `extra_args` in [backends.vfkit], and whether vfkit is new enough: cocoon doctor",
    }),
  },
];

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
