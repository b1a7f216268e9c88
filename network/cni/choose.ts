import { CocoonError } from "../../errors/error.ts";
import type { Conflist, Conflists } from "./conflist.ts";

/** What decides which network is meant. */
export interface Choice {
  /** Name in cocoon's configuration, for messages. */
  network: string;
  folder: string;
  /** The user's setting. */
  wanted: string | undefined;
  /** The one that the machine was in before; taken again if it is still there. */
  previous: string | undefined;
}

/**
 * The list that is wanted; without a wish the previous one, else the first by file name.
 * @throws {CocoonError} `host-lacks` with the names that there are and what is broken
 */
export function chooseConflist({ valid, broken }: Conflists, choice: Choice): Conflist {
  const { network, folder, wanted, previous } = choice;
  const named = (name: string | undefined) => valid.find((conflist) => conflist.name === name);
  const chosen = wanted === undefined ? named(previous) ?? valid[0] : named(wanted);
  if (chosen !== undefined) return chosen;
  const what = wanted === undefined
    ? `no CNI network in ${folder}`
    : `no CNI network "${wanted}" in ${folder}`;
  const others = valid.length === 0
    ? []
    : [`there ${valid.length === 1 ? "is" : "are"} ${valid.map(({ name }) => name).join(", ")}`];
  const faults = broken.map(({ file, problem }) => `${file} cannot be used: ${problem}`);
  throw new CocoonError(
    "host-lacks",
    `network "${network}": ${[what, ...others, ...faults].join("; ")}`,
    {
      hint: valid.length === 0
        ? `Put a network configuration there (NAME.conflist), or set conf_dir in [networks.${network}].`
        : `Set network in [networks.${network}] to the name of one that is there.`,
    },
  );
}
