/** What a server wants to see before it answers: one of `WWW-Authenticate` (RFC 9110, 11.6.1). */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  scheme: string;
  /** Names in lower case. */
  parameters: Record<string, string>;
}

const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
/** A parameter with a quoted or a bare value; commas and escaped quotes may be in the quoted one. */
const PARAMETER = new RegExp(`\\s*(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${TOKEN}))`, "y");
const SCHEME = new RegExp(`[\\s,]*(${TOKEN})(?=\\s|,|$)`, "y");
const COMMA = /\s*,/y;

/** All challenges of a header, as far as it can be read. */
export function parseChallenges(header: string): Challenge[] {
  const challenges: Challenge[] = [];
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at;
    const match = pattern.exec(header);
    if (match === null) return undefined;
    at = pattern.lastIndex;
    return match;
  };
  for (;;) {
    const scheme = take(SCHEME)?.[1];
    if (scheme === undefined) return challenges;
    const parameters: Record<string, string> = {};
    for (let match = take(PARAMETER); match !== undefined; match = take(PARAMETER)) {
      const [, name = "", quoted, bare = ""] = match;
      parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, "$1") ?? bare;
      const before = at;
      take(COMMA);
      // A word without `=` is the scheme of the next challenge.
      PARAMETER.lastIndex = at;
      if (!PARAMETER.test(header)) {
        at = before;
        break;
      }
    }
    challenges.push({ scheme: scheme.toLowerCase(), parameters });
  }
}
