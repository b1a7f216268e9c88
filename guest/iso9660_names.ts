import { CocoonError } from "../errors/error.ts";

/** Joliet (level 3) names have at most 64 UCS-2 characters. */
const MAX_JOLIET_CHARACTERS = 64;

/** ISO 9660 level 2: 31 characters with the version's `;1` not counted, one dot at most. */
const MAX_ISO_CHARACTERS = 30;

/** Joliet forbids control characters and these six (Joliet specification, "Allowed characters"). */
// deno-lint-ignore no-control-regex
const JOLIET_FORBIDDEN = /[\u0000-\u001f*/:;?\\]/;

/** @throws {CocoonError} `usage` when a name cannot stand in a Joliet directory */
export function checkJolietName(name: string): void {
  const refuse = (why: string) => {
    throw new CocoonError("usage", `seed file ${JSON.stringify(name)}: ${why}`);
  };
  if (name === "" || name === "." || name === "..") refuse("not a file name");
  if (JOLIET_FORBIDDEN.test(name)) {
    refuse("a name has no control character and none of * / : ; ? \\");
  }
  if (/[\ud800-\udfff]/.test(name)) refuse("Joliet has no characters beyond U+FFFF");
  if (name.length > MAX_JOLIET_CHARACTERS) {
    refuse(`longer than ${MAX_JOLIET_CHARACTERS} characters`);
  }
}

/**
 * The names that a reader without Joliet sees, unique, in the order of `names`:
 * `user-data` is `USER-DATA.;1`, which Linux shows as `user-data`. The hyphen is outside of
 * ISO 9660's character set on purpose: every reader takes it, and cloud-init needs it.
 */
export function isoNames(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    const { base, extension } = isoParts(name);
    for (let copy = 0;; copy++) {
      const mark = copy === 0 ? "" : `_${copy}`;
      const room = MAX_ISO_CHARACTERS - extension.length - mark.length;
      const candidate = `${base.slice(0, room)}${mark}.${extension}`;
      if (taken.has(candidate)) continue;
      taken.add(candidate);
      return `${candidate};1`;
    }
  });
}

function isoParts(name: string): { base: string; extension: string } {
  const upper = name.toUpperCase();
  const dot = upper.lastIndexOf(".");
  const clean = (text: string) => text.replace(/[^A-Z0-9_-]/g, "_");
  if (dot <= 0) return { base: clean(upper), extension: "" };
  return { base: clean(upper.slice(0, dot)), extension: clean(upper.slice(dot + 1)).slice(0, 8) };
}
