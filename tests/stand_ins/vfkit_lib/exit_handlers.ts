/** What an orderly end undoes. A fatal error and SIGKILL leave it all behind. */
const handlers: (() => void)[] = [];

export function onExit(handler: () => void): void {
  handlers.push(handler);
}

/** Runs each handler once. */
export function runExitHandlers(): void {
  for (const handler of handlers.splice(0)) handler();
}

/** Removes a file that may be gone. */
export function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
