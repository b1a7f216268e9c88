import type { PlanRequest, StartFailure } from "../../plugins/contract.ts";
import { installLine } from "./packages.ts";

interface Rule {
  pattern: RegExp;
  explain(found: string, request: PlanRequest): StartFailure;
}

/** QEMU's words on standard error, most telling first. `found` is the pattern's first group. */
const RULES: Rule[] = [
  {
    pattern: /Could not set up host forwarding rule '([^']*)'/,
    explain: (rule) => ({
      message: `qemu can't listen on this computer's port: ${rule}`,
      hint: "another program has the port, or the address is not one of this computer",
      portTaken: true,
    }),
  },
  {
    pattern:
      /Failed to get (?:shared )?"[^"]+" lock(?:\s+Is another process using the image \[([^\]]+)\])?/,
    explain: (path, { machine }) => ({
      message: `a disk of machine "${machine.name}" is in use by another process${
        path && `: ${path}`
      }`,
      hint: `find that process with: fuser -v ${path || "DISK"}`,
    }),
  },
  {
    pattern: /Could not access KVM kernel module: (.*)/,
    explain: (why) => ({
      message: `qemu can't use /dev/kvm: ${why}`,
      hint: /denied/i.test(why)
        ? 'sudo usermod -aG kvm "$USER", then log in again'
        : 'set accelerator = "auto" in [backends.qemu]',
    }),
  },
  {
    pattern: /invalid accelerator (\S+)|failed to initialize (\S+?):/,
    explain: (accelerator) => ({
      message: `this QEMU can't use the accelerator${accelerator ? ` ${accelerator}` : ""}`,
      hint: 'set accelerator = "tcg" in [backends.qemu]',
    }),
  },
  {
    // memfd_create(2) finds no page of that size, or mmap(2) not enough of them.
    pattern: /(unable to map backing store for guest RAM|failed to create memfd)/,
    explain: (_what, { machine }) => ({
      message: `this computer has not enough huge pages for the ` +
        `${mebibytes(machine.memoryBytes)} of memory of machine "${machine.name}"`,
      hint: "sudo sysctl vm.nr_hugepages=N (with 2 MiB each), or leave out hugepages",
    }),
  },
  {
    pattern: /cannot set up guest memory[^:]*: (.*)|Cannot allocate memory/,
    explain: (_why, { machine, host }) => ({
      message: `this computer has no room for the ${mebibytes(machine.memoryBytes)} of memory of ` +
        `machine "${machine.name}" (it has ${mebibytes(host.memoryBytes)} in all)`,
      hint: "give the machine less memory, or stop another one",
    }),
  },
  {
    pattern: /Invalid SMP CPUs \d+\. (.*)/,
    explain: (limit) => ({ message: `too many CPUs: ${limit}`, hint: "give the machine fewer" }),
  },
  {
    pattern: /unable to find CPU model '([^']*)'/,
    explain: (model, { machine }) => ({
      message: `this QEMU knows no CPU model "${model}"`,
      hint: `correct \`cpu\` in [backends.qemu]; qemu-system-${machine.architecture} -cpu help ` +
        "lists what there is",
    }),
  },
  {
    pattern: /CPU model 'host' requires KVM or HVF/,
    explain: () => ({
      message: 'the CPU model "host" needs kvm or hvf',
      hint: "remove `cpu` from [backends.qemu]",
    }),
  },
  {
    pattern: /unsupported machine type|is not a valid machine type/,
    explain: (_found, { machine }) => ({
      message: "this QEMU does not know the machine type",
      hint: `correct \`machine\` in [backends.qemu]; qemu-system-${machine.architecture} ` +
        "-machine help lists what there is",
    }),
  },
  {
    pattern: /node-name=firmware-\S*: Could not open '([^']*)'/,
    explain: (path, { host, machine }) => ({
      message: `the UEFI firmware ${path} can't be opened`,
      hint: installLine(host, machine.architecture, ["firmware"]),
    }),
  },
  {
    // virt's flash chips have one size; q35's only a granularity.
    pattern: /device requires (\d+ bytes, block backend provides \d+) bytes|has invalid size (\d+)/,
    explain: (sizes) => ({
      message: `the UEFI firmware or the variable store has the wrong size: ${sizes}`,
      hint: "correct firmware_code and firmware_vars in [backends.qemu]",
    }),
  },
  {
    pattern: /Could not open '([^']*)': (?:No such file|Permission denied)/,
    explain: (path, { machine }) => ({
      message: `a file of machine "${machine.name}" can't be opened: ${path}`,
    }),
  },
  {
    pattern: /vhost-vsock: (.*)/,
    explain: (why) => ({
      message: `the vsock device can't be made: ${why}`,
      hint: /in use/i.test(why)
        ? "another machine has this context id"
        : "sudo modprobe vhost_vsock",
    }),
  },
  {
    pattern: /could not configure \/dev\/net\/tun \(([^)]*)\)|could not open \/dev\/net\/tun: (.*)/,
    explain: (which) => ({
      message: `the TAP interface can't be used${which ? `: ${which}` : ""}`,
      hint: "see `cocoon doctor` for what the network needs",
    }),
  },
  {
    // The user's own `extra_args` are the only options that we did not choose.
    pattern: /(-[\w-]+): invalid option|Parameter '([^']*)' (?:is missing|expects)/,
    explain: (what) => ({
      message: `QEMU does not take an argument${what ? `: ${what}` : ""}`,
      hint: "see `extra_args` in [backends.qemu]",
    }),
  },
];

/** Explains a QEMU that ended before its machine ran, from the tail of its log. */
export function explainFailure(logTail: string, request: PlanRequest): StartFailure | undefined {
  for (const { pattern, explain } of RULES) {
    const match = pattern.exec(logTail);
    if (match === null) continue;
    return explain(match.slice(1).find((group) => group !== undefined) ?? "", request);
  }
  return undefined;
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 1024 / 1024)} MiB`;
}
