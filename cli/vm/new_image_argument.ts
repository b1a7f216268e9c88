import { imageArgument } from "../arguments.ts";

/** The image of a new machine; it may be left out with `--kernel`. */
export const newImageArgument = {
  ...imageArgument,
  optional: true,
  brief: "Name (cocoon image search), path of a file, or URL",
} as const;
