import { formatSize } from "../../config/size.ts";
import { type ImageInfo, listImages } from "../../images/list.ts";
import { OUTPUT_ALIAS, type OutputFlag, outputFlag } from "../arguments.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { type Column, printList } from "../output.ts";
import { ageText } from "../vm/view.ts";
import { imageContext } from "./context.ts";
import { imageJson, shortDigest, tagsText, verifiedText } from "./view.ts";

/** `cocoon image list` */
export const command = defineCommand({
  parameters: { flags: { ...outputFlag }, aliases: { ...OUTPUT_ALIAS } },
  async run(context: Context, flags: OutputFlag) {
    const now = context.host.now();
    const columns: Column<ImageInfo>[] = [
      { header: "NAME", cell: tagsText },
      { header: "DIGEST", cell: ({ digest }) => shortDigest(digest) },
      { header: "KIND", cell: ({ kind }) => kind },
      { header: "SIZE", cell: ({ virtualBytes }) => formatSize(virtualBytes), align: "right" },
      {
        header: "ON DISK",
        cell: ({ allocatedBytes }) => formatSize(allocatedBytes),
        align: "right",
      },
      { header: "VERIFIED", cell: ({ verified }) => verifiedText(verified) },
      { header: "MACHINES", cell: ({ machines }) => String(machines.length), align: "right" },
      { header: "AGE", cell: ({ createdAt }) => ageText(createdAt, now), align: "right" },
    ];
    const images = listImages(await imageContext(context));
    printList(context, flags.output, images, columns, (image) => ({
      ...imageJson(image),
      machines: image.machines,
    }));
  },
});
