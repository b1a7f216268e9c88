/** A value of one of QEMU's comma-separated options. */
export type OptionValue = string | number | boolean;

/** Values by key, in the order in which they are written. */
export type OptionValues = Record<string, OptionValue | undefined>;

/**
 * Writes `key=value,...` in QEMU's option grammar: a comma inside a value is doubled, truth is
 * `on` and `off` (QEMU's util/keyval.c). Undefined values are left out.
 */
export function keyValues(values: OptionValues): string {
  return Object.entries(values).flatMap(([key, value]) => {
    if (value === undefined) return [];
    const text = typeof value === "boolean" ? (value ? "on" : "off") : String(value);
    return [`${key}=${escape(text)}`];
  }).join(",");
}

/** Writes `head,key=value,...`; the head is a value too. */
export function option(head: string, values: OptionValues): string {
  const rest = keyValues(values);
  return rest === "" ? escape(head) : `${escape(head)},${rest}`;
}

function escape(text: string): string {
  return text.replaceAll(",", ",,");
}
