import { Catalogue } from "../../images/catalogue/catalogue.ts";
import type { NameOptions } from "../../images/named.ts";
import type { Config } from "../../config/types.ts";
import type { Architecture } from "../../plugins/contract.ts";
import { switchFlag } from "../arguments.ts";
import type { Context } from "../context.ts";

/** `--insecure-unverified`, for commands that may download an image. */
export const unverifiedFlag = {
  insecureUnverified: switchFlag("Take a download that nobody vouches for"),
};

/** Values of {@linkcode unverifiedFlag}. */
export interface UnverifiedFlag {
  insecureUnverified: boolean;
}

/** What the commands that get images by name have in common. */
export function nameOptions(
  context: Context,
  config: Config,
  flags: UnverifiedFlag,
  architecture: Architecture | undefined,
): NameOptions & { catalogue: Catalogue } {
  return {
    catalogue: catalogueOf(context, config),
    architecture,
    requireVerified: !flags.insecureUnverified,
    onWarning: (message) => context.stderr(`cocoon: warning: ${message}\n`),
    signal: context.signal,
  };
}

/** The images that are known by name here. */
export function catalogueOf(context: Context, config: Config): Catalogue {
  return new Catalogue(config.images, context.host.architecture);
}
