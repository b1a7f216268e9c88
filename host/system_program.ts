import type { Host } from "../plugins/contract.ts";

/** Where such programs are: often not on a user's PATH, and Homebrew links some of them nowhere. */
const PLACES = [
  "/usr/sbin",
  "/sbin",
  "/usr/local/sbin",
  "/opt/homebrew/bin",
  "/opt/homebrew/sbin",
  "/opt/homebrew/opt/e2fsprogs/sbin",
  "/usr/local/opt/e2fsprogs/sbin",
];

/** Finds a program for administrators (`mkfs.*`): on PATH, else where systems keep them. */
export function findSystemProgram(host: Pick<Host, "which">, name: string): string | undefined {
  for (const program of [name, ...PLACES.map((place) => `${place}/${name}`)]) {
    const path = host.which(program);
    if (path !== undefined) return path;
  }
  return undefined;
}
