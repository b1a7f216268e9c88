import { type AddedImage, commitImage, reuseStored } from "./commit.ts";
import type { ImageContext } from "./context.ts";
import { makeDisk, type MakeOptions, type SourceFile } from "./make_disk.ts";
import type { ImageFacts, Verified } from "../state/images.ts";
import type { Staging } from "./staging.ts";

/** A source whose digests have been checked. */
export interface CheckedSource extends SourceFile {
  /** Identity of the image. */
  digest: string;
  verified: Verified;
  /** Further facts that are noted with it. */
  facts: ImageFacts;
  /** As the record shows it. */
  source: string;
  /** Called when all of it has been read. @throws when it has changed since it was opened */
  checkUnchanged?: (() => Promise<void>) | undefined;
}

/** Options of {@linkcode storeSource}. */
export interface StoreOptions extends MakeOptions {
  /** Name to point to the image, already checked. */
  tag?: string | undefined;
}

/** Makes a stored image out of a checked source, unless it is stored already. */
export async function storeSource(
  ctx: ImageContext,
  staging: Staging,
  checked: CheckedSource,
  options: StoreOptions,
): Promise<AddedImage> {
  const { digest, verified, facts, source } = checked;
  const { tag, signal } = options;
  const stored = await reuseStored(ctx, digest, verified, tag, signal, facts);
  if (stored !== undefined) return stored;
  const disk = await makeDisk(ctx, staging, checked, options);
  await checked.checkUnchanged?.();
  const image = { digest, ...disk, source, ...facts, verified };
  return await commitImage(ctx, staging, image, tag, signal);
}
