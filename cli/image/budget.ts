import type { Config } from "../../config/types.ts";
import { formatSize } from "../../config/size.ts";
import type { ImageContext } from "../../images/context.ts";
import type { OverBudget } from "../../images/evict.ts";
import type { Context } from "../context.ts";

/** After something was stored: removes what is above the budget of the configuration, if any. */
export async function keepBudget(
  context: Context,
  images: ImageContext,
  { store: { imageBudgetBytes: budgetBytes } }: Config,
): Promise<void> {
  if (budgetBytes === undefined) return;
  const { collectImages } = await import("../../images/collect.ts");
  const collected = await collectImages(images, {
    budgetBytes,
    onOverBudget: (over) => tellOverBudget(context, over),
    signal: context.signal,
  });
  for (const { kind, name, freedBytes } of collected) {
    if (kind !== "evicted") continue;
    context.stderr(
      `cocoon: ${name}: removed for store.image_budget (${formatSize(freedBytes)} freed)\n`,
    );
  }
}

/** Says why images take more than they may: which of them stay, and for how long. */
export function tellOverBudget(
  context: Pick<Context, "stderr">,
  { bytes, budgetBytes, neededBytes, recentBytes }: OverBudget,
): void {
  const reasons = [
    ...neededBytes > 0 ? [`${formatSize(neededBytes)} are of images that machines need`] : [],
    ...recentBytes > 0 ? [`${formatSize(recentBytes)} are of images used in the last hour`] : [],
  ];
  context.stderr(
    `cocoon: images take ${formatSize(bytes)}, above the budget of ${formatSize(budgetBytes)}: ` +
      `${reasons.join(", ")}\n`,
  );
}
