/** krunkit's flags, with the rules that clap holds them to. */

/** One flag. */
export interface Flag {
  long: string;
  short?: string;
  /** Name of its value in texts; absent = a switch. */
  value?: string;
  /** May be given several times. */
  repeatable?: true;
  required?: true;
}

export const FLAGS: readonly Flag[] = [
  { long: "cpus", short: "c", value: "CPUS", required: true },
  { long: "memory", short: "m", value: "MEMORY", required: true },
  { long: "bootloader", value: "BOOTLOADER" },
  { long: "device", value: "DEVICES", repeatable: true },
  { long: "restful-uri", value: "RESTFUL_URI" },
  { long: "gui" },
  { long: "oem-string", value: "OEM_STRINGS", repeatable: true },
  { long: "krun-log-level", value: "KRUN_LOG_LEVEL" },
  { long: "log-file", value: "LOG_FILE" },
  { long: "nested", short: "n" },
  { long: "pidfile", value: "PIDFILE" },
  { long: "firmware-path", short: "f", value: "FIRMWARE_PATH" },
  { long: "timesync", value: "TIMESYNC" },
  { long: "help", short: "h" },
  { long: "version", short: "V" },
];

/** `--cpus <CPUS>`. */
export function shown({ long, value }: Flag): string {
  return value === undefined ? `--${long}` : `--${long} <${value}>`;
}

export const USAGE = "krunkit [OPTIONS] --cpus <CPUS> --memory <MEMORY>";

/** What `--help` prints. */
export function help(): string {
  const lines = FLAGS.map((flag) => {
    const short = flag.short === undefined ? "    " : `-${flag.short}, `;
    return `  ${short}${shown(flag)}`;
  });
  return `Usage: ${USAGE}\n\nOptions:\n${lines.join("\n")}\n`;
}
