/** vfkit's flags. */
import type { Release } from "./versions.ts";

/**
 * How a flag takes its values. `strings`: a list of comma-separated values, quoted as in CSV;
 * `options`: the same with vfkit's own quoting; `stringArray`: one value each time.
 */
export type FlagKind = "bool" | "uint" | "string" | "strings" | "options" | "stringArray";

/** One flag. */
export interface Flag {
  name: string;
  short?: string;
  kind: FlagKind;
  /** For the usage text. */
  text: string;
  /** Shown as the default in the usage text. */
  otherwise?: string;
}

const FLAGS = [
  { name: "bootloader", short: "b", kind: "options", text: "how the guest is booted" },
  { name: "cloud-init", kind: "strings", text: "files of a cloud-init seed" },
  { name: "cpus", short: "c", kind: "uint", text: "virtual CPUs", otherwise: "1" },
  { name: "device", short: "d", kind: "stringArray", text: "a device of the machine" },
  { name: "gui", kind: "bool", text: "show the guest's screen in a window" },
  { name: "help", short: "h", kind: "bool", text: "help for vfkit" },
  { name: "ignition", kind: "options", text: "Ignition configuration for the first boot" },
  { name: "initrd", short: "i", kind: "string", text: "initial RAM disk of a Linux guest" },
  { name: "kernel", short: "k", kind: "string", text: "kernel of a Linux guest" },
  { name: "kernel-cmdline", short: "C", kind: "string", text: "command line of its kernel" },
  { name: "log-level", kind: "string", text: "debug, info or error" },
  { name: "memory", short: "m", kind: "uint", text: "memory in MiB", otherwise: "512" },
  { name: "nested", short: "n", kind: "bool", text: "let the guest run machines itself" },
  { name: "pidfile", kind: "string", text: "file for the process id" },
  { name: "restful-uri", kind: "string", text: "where REST is served", otherwise: '"none://"' },
  { name: "timesync", short: "t", kind: "string", text: "keep the guest's clock right" },
  { name: "version", short: "v", kind: "bool", text: "version for vfkit" },
] as const satisfies readonly Flag[];

/** The names of all flags that there ever were. */
export type FlagName = typeof FLAGS[number]["name"];

/** The flags of a release, by name. */
export function flagsOf(release: Release): readonly Flag[] {
  const absent: Partial<Record<FlagName, boolean>> = {
    "cloud-init": !release.has("cloudInit"),
    nested: !release.has("nestedFlag"),
    pidfile: !release.has("pidfileFlag"),
  };
  return FLAGS.filter((flag) => !absent[flag.name]);
}

const TYPE_NAMES: Record<FlagKind, string> = {
  bool: "",
  uint: " uint",
  string: " string",
  strings: " strings",
  options: " strings",
  stringArray: " stringArray",
};

/** Usage, as cobra lays it out. */
export function usage(release: Release): string {
  const rows = flagsOf(release).map((flag) => ({
    left: `${flag.short === undefined ? "    " : `-${flag.short}, `}--${flag.name}` +
      TYPE_NAMES[flag.kind],
    right: flag.text + (flag.otherwise === undefined ? "" : ` (default ${flag.otherwise})`),
  }));
  const width = Math.max(...rows.map(({ left }) => left.length));
  const lines = rows.map(({ left, right }) => `  ${left.padEnd(width)}   ${right}`);
  return `Usage:\n  vfkit [flags]\n\nFlags:\n${lines.join("\n")}\n`;
}

/** What `--help` prints. */
export function help(release: Release): string {
  return "A hypervisor written in Go using Apple's Virtualization framework to run virtual " +
    `machines.\n\n${usage(release)}`;
}
