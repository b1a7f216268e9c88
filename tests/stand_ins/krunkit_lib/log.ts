/** libkrun's log: env_logger's form, on standard error or in a file. */
import { print } from "../vfkit_lib/log.ts";

const LEVELS = ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"] as const;
type Level = typeof LEVELS[number];

/** `info`, unless the command line says otherwise. */
const DEFAULT_LEVEL = 3;

/** A log of the given level, 0 = nothing. */
export function openLog(level: number | undefined, path: string | undefined) {
  return (name: Level, message: string) => {
    if (LEVELS.indexOf(name) >= (level ?? DEFAULT_LEVEL)) return;
    const seconds = new Date().toISOString().replace(/\.\d+Z$/, "Z");
    const line = `[${seconds} ${name.padEnd(5)} krun] ${message}\n`;
    if (path === undefined) print(line);
    else Deno.writeTextFileSync(path, line, { append: true });
  };
}

export type Log = ReturnType<typeof openLog>;
