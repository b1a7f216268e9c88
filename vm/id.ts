/** Digits and letters without those that are easily confused (Crockford's base 32, lower case). */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";

/** A new machine id: 12 characters with 60 random bits, so that ids never repeat. */
export function newMachineId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return [...bytes].map((byte) => ALPHABET[byte & 31]).join("");
}

/** Whether a text has the form of an id. */
export function isMachineId(text: string): boolean {
  return text.length === 12 && [...text].every((character) => ALPHABET.includes(character));
}
