/** Bytes at a place of a file, by which its format is known. */
export interface Magic {
  /** Bytes from the beginning of the file. */
  offset: number;
  /** ASCII, or bytes. */
  magic: string | readonly number[];
}

/** Whether they are there. */
export function hasMagic(head: Uint8Array, { offset, magic }: Magic): boolean {
  if (head.length < offset + magic.length) return false;
  for (let i = 0; i < magic.length; i++) {
    const wanted = typeof magic === "string" ? magic.charCodeAt(i) : magic[i];
    if (head[offset + i] !== wanted) return false;
  }
  return true;
}
