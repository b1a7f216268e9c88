import type { PlanRequest, StartFailure } from "../../plugins/contract.ts";

/** What krunkit must be signed with to run machines. */
export const ENTITLEMENT = "com.apple.security.hypervisor";
/** The line that brings a krunkit with it; any signing without it takes that away. */
export const ENTITLEMENT_FIX = "brew reinstall krunkit, whose program is signed with it";

interface Rule {
  pattern: RegExp;
  explain(found: string, request: PlanRequest, logTail: string): StartFailure;
}

/** krunkit's own words on standard error, most telling first; `found` is the first group. */
const RULES: Rule[] = [
  {
    pattern: /requested RAM larger than upper limit of (\d+) MiB/,
    explain: (limit, { machine }) => ({
      message: `machine "${machine.name}": krunkit gives a machine at most ${limit} MiB`,
      hint: `Give it ${limit}M or less.`,
    }),
  },
  {
    pattern: /can't find a firmware to load/,
    explain: () => ({
      message: "krunkit does not find its UEFI firmware",
      hint: "brew reinstall krunkit, or name a file as `firmware` in [backends.krunkit]",
    }),
  },
  {
    pattern: /unable to add vsock port \d+ for path ([^\n]+)/,
    explain: (path) => ({
      message: `krunkit cannot make the socket ${path}: something is there already`,
      hint: `Remove it, if no other machine uses it: rm ${path}`,
    }),
  },
  {
    pattern: /(virtio-net unable to add device[^\n{]*)/,
    explain: (what) => ({
      message: `krunkit cannot attach a network card: ${what.trim()}`,
      hint: "See what the network needs: cocoon doctor",
    }),
  },
  {
    pattern: /^error: ((?:unexpected argument|unexpected value|invalid value|the )[^\n]*)/m,
    explain: (what) => ({
      message: `krunkit does not take an argument: ${what}`,
      hint:
        "See `extra_args` in [backends.krunkit], and whether krunkit is new enough: cocoon doctor",
    }),
  },
  {
    // What Hypervisor.framework answers to a program that is not entitled to it.
    pattern: /Building the microVM failed: \S*VmSetup\(VmCreate\)/,
    explain: () => ({
      message: `krunkit lacks the entitlement ${ENTITLEMENT}`,
      hint: ENTITLEMENT_FIX,
    }),
  },
  {
    pattern: /unable to begin running krun workload/,
    explain: (_found, { machine }, logTail) => {
      const why = lastComplaint(logTail);
      return {
        message: `krunkit could not start machine "${machine.name}"${why && `: ${why}`}`,
        hint: "A disk may be missing or in use: cocoon vm inspect names them all.",
        heldFiles: machine.disks.map(({ path }) => path),
      };
    },
  },
];

/** Explains a krunkit that ended before its machine ran, from the tail of its log. */
export function explainFailure(logTail: string, request: PlanRequest): StartFailure | undefined {
  for (const { pattern, explain } of RULES) {
    const match = pattern.exec(logTail);
    if (match !== null) return explain(match[1] ?? "", request, logTail);
  }
  return undefined;
}

/** What libkrun logged last as an error: `[2026-08-17T10:00:00Z ERROR krun] TEXT`. */
function lastComplaint(logTail: string): string {
  return [...logTail.matchAll(/^\[\S+ ERROR [^\]]*\] ([^\n]+)$/gm)].at(-1)?.[1]?.trim() ?? "";
}
