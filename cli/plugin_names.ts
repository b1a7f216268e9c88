/** Completes the values of flags that name a plugin or a network. */
import type { Frame } from "./command.ts";

/** Gives the proposals for a word that has begun so. */
export type Proposer = (this: Frame, partial: string) => Promise<readonly string[]>;

/** Backends that run on this system. */
export const backendNames: Proposer = async function () {
  const { registry, host } = await known(this);
  return await usable(registry.names("backend"), registry.backend, host.os);
};

/** Storage drivers that work on this system, and the word for the choice among them. */
export const storageNames: Proposer = async function () {
  const { registry, host } = await known(this);
  return ["auto", ...await usable(registry.names("storage"), registry.storage, host.os)];
};

/** Networks of the configuration. */
export const networkNames: Proposer = async function () {
  return Object.keys((await this.context.config()).networks);
};

// Loaded when TAB is pressed behind such a flag, and not with every command that has one.
async function known({ context }: Frame) {
  const { registryOf } = await import("./plugins.ts");
  return { registry: registryOf(await context.config()), host: context.host };
}

/** The names whose plugins can be loaded and run here; `cocoon config check` tells of the others. */
async function usable(
  names: readonly string[],
  load: (name: string) => Promise<{ systems?: readonly string[] }>,
  os: string,
): Promise<string[]> {
  const loaded = await Promise.allSettled(names.map(load));
  return names.filter((_, index) => {
    const result = loaded[index];
    return result?.status === "fulfilled" && result.value.systems?.includes(os) !== false;
  });
}
