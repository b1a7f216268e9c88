/** Reading JSON that a stranger wrote: everything is unknown until it has been looked at. */

/** A JSON object; its values are unknown. */
export type UnknownObject = Record<string, unknown>;

/** The value if it is an object (and no array), else undefined. */
export function asObject(value: unknown): UnknownObject | undefined {
  // Every value that passes the check has string keys.
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? value as UnknownObject
    : undefined;
}

/** The value if it is a text, else undefined. */
export function asString(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The entries of an object whose values are texts. */
export function stringEntries(value: unknown): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [key, text] of Object.entries(asObject(value) ?? {})) {
    if (typeof text === "string") found[key] = text;
  }
  return found;
}

/** The JSON value of a text, or undefined when it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
