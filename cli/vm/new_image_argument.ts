import { anyImageArgument } from "../arguments.ts";

/** The image of a new machine; it may be left out with `--kernel`. */
export const newImageArgument = {
  ...anyImageArgument,
  optional: true,
} as const;
