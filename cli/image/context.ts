import type { ImageContext } from "../../images/context.ts";
import type { Context } from "../context.ts";

/** What the functions of `images/` work on. */
export async function imageContext(context: Context): Promise<ImageContext> {
  return { home: context.home(), store: await context.store(), host: context.host };
}
