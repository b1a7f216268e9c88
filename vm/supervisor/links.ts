/** The links of a launch plan: socket pairs whose ends become descriptors of two processes. */
import type { Link, PlannedProcess } from "../../plugins/contract.ts";

/** First descriptor that a child can be given besides its standard streams. */
const FIRST_EXTRA_FD = 3;

/** The ends of each link that no process has yet, by the link's name. */
export type OpenLinks = Map<string, number[]>;

/** Makes the pairs; `descriptors` closes our copies once the processes have theirs. */
export async function openLinks(
  links: readonly Link[],
  descriptors: DisposableStack,
): Promise<OpenLinks> {
  const open: OpenLinks = new Map();
  if (links.length === 0) return open;
  const { datagramPair } = await import("../../native/socketpair.ts");
  const { closeFile } = await import("../../native/libc.ts");
  for (const { name } of links) {
    const pair = datagramPair();
    for (const end of pair) descriptors.defer(() => closeFile(end));
    open.set(name, [...pair]);
  }
  return open;
}

/**
 * Takes one end of each link that the process wants: `stdin` for descriptor 0, `inherit` for 3, 4
 * and so on without gaps.
 */
export function placeLinks(
  planned: Pick<PlannedProcess, "role" | "links">,
  open: OpenLinks,
): { stdin?: number; inherit: number[] } {
  const inherit: number[] = [];
  let stdin: number | undefined;
  for (const { link, fd } of planned.links.toSorted((a, b) => a.fd - b.fd)) {
    const end = open.get(link)?.shift();
    if (end === undefined) {
      throw new TypeError(`${planned.role} wants an end of link ${link}, which has none left`);
    }
    if (fd === 0) stdin = end;
    else if (fd === FIRST_EXTRA_FD + inherit.length) inherit.push(end);
    else throw new TypeError(`${planned.role} wants descriptor ${fd}; they go from 3 without gaps`);
  }
  return stdin === undefined ? { inherit } : { stdin, inherit };
}
