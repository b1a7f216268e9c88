import type { Config } from "../../config/types.ts";
import { formatSize } from "../../config/size.ts";
import type { ImageContext } from "../../images/context.ts";
import type { Context } from "../context.ts";

/** After something was stored: removes what is above the budget of the configuration, if any. */
export async function keepBudget(
  context: Context,
  images: ImageContext,
  { store: { imageBudgetBytes: budgetBytes } }: Config,
): Promise<void> {
  if (budgetBytes === undefined) return;
  const { collectImages } = await import("../../images/collect.ts");
  const collected = await collectImages(images, { budgetBytes, signal: context.signal });
  for (const { kind, name, freedBytes } of collected) {
    if (kind !== "evicted") continue;
    context.stderr(
      `cocoon: ${name}: removed for store.image_budget (${formatSize(freedBytes)} freed)\n`,
    );
  }
}
