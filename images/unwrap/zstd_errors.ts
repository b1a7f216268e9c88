import type { Transform } from "node:stream";

/** Decompressors at work. */
const active = new Set<Transform>();

/**
 * Watches for errors of the runtime's zstd decompressor that it throws where nobody can catch them
 * (Deno 2.9: when the input that is wrong is processed after its output was full), which would end
 * the program. The decompressor gets its error, and its reader with it. Which of several it was
 * cannot be told: then all of them end.
 */
export function watchZstd(stream: Transform): Disposable {
  if (active.size === 0) globalThis.addEventListener("error", onError);
  active.add(stream);
  return {
    [Symbol.dispose]() {
      active.delete(stream);
      if (active.size === 0) globalThis.removeEventListener("error", onError);
    },
  };
}

function onError(event: ErrorEvent): void {
  const { error } = event;
  if (!(error instanceof Error) || !error.message.startsWith("Zstd decompress error")) return;
  event.preventDefault();
  for (const stream of active) stream.destroy(error);
}
