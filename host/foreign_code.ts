/**
 * What must hold while code runs that is not cocoon's own: a user's plugin, being loaded. The parts
 * of cocoon that it could harm say here what they do about it, so that who loads it need not know
 * them. Loaded by every command; keep it small.
 */

/** Of one part of cocoon. */
export interface Precaution {
  /** Before the foreign code starts. */
  before(): unknown;
  /** When it has ended, or was given up. */
  after?(): void;
}

const precautions: Precaution[] = [];
/** Bodies that run now: several plugins may be loaded at once. */
let running = 0;

/** From now on, foreign code runs between these. */
export function addPrecaution(precaution: Precaution): void {
  precautions.push(precaution);
  if (running > 0) precaution.before();
}

/** Runs `body`, which runs foreign code, with all precautions taken. */
export async function runForeign<T>(body: () => Promise<T>): Promise<T> {
  // Counted before the first wait, or one that ends meanwhile would take them back.
  running++;
  try {
    for (const { before } of precautions) await before();
    return await body();
  } finally {
    running--;
    if (running === 0) { for (const { after } of precautions) after?.(); }
  }
}
