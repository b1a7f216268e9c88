/** IPv4 addresses as text. */

/** Whether the text is an IPv4 address with four decimal numbers. */
export function isIpv4(text: string): boolean {
  return /^\d{1,3}(\.\d{1,3}){3}$/.test(text) &&
    text.split(".").every((part) => Number(part) < 256);
}
