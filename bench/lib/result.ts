import { median, type Times } from "./turns.ts";

/** One line of a benchmark's result. */
export interface Row {
  what: string;
  unit: "ms" | "bytes";
  /** Median of all runs, with the least and the greatest. */
  median: number;
  least: number;
  greatest: number;
  runs: number;
  /** The peer of the same rounds, e.g. `an empty script`. */
  peer?: string;
  /** This median / the peer's. */
  ratio?: number;
  /** This median - the peer's. */
  difference?: number;
  /** What the difference may be at most. */
  budget?: number;
}

/** A benchmark that can be asked for by its name. */
export interface Benchmark {
  name: string;
  about: string;
  /** Rounds when the command line says nothing. */
  rounds: number;
  run(rounds: number): Promise<Row[]>;
}

/** One row of values that were measured. */
export function rowOf(what: string, unit: Row["unit"], values: readonly number[]): Row {
  return {
    what,
    unit,
    median: median(values),
    least: Math.min(...values),
    greatest: Math.max(...values),
    runs: values.length,
  };
}

/** A row with its relation to the row of its peer. */
export function against(row: Row, peer: Row, budget?: number): Row {
  return {
    ...row,
    peer: peer.what,
    ratio: row.median / peer.median,
    difference: row.median - peer.median,
    ...(budget === undefined ? {} : { budget }),
  };
}

/** Rows of times; `peers` says what each is compared with, and its budget. */
export function rowsOf(
  times: Times,
  peers: Readonly<Record<string, { peer: string; budget?: number }>>,
): Row[] {
  const rows = new Map([...times].map(([what, values]) => [what, rowOf(what, "ms", values)]));
  return [...rows.values()].map((row) => {
    const relation = peers[row.what];
    const peer = relation && rows.get(relation.peer);
    return peer === undefined ? row : against(row, peer, relation?.budget);
  });
}

/** Whether a row keeps its budget; undefined when it has none. */
export function isWithin({ budget, difference }: Row): boolean | undefined {
  return budget === undefined || difference === undefined ? undefined : difference <= budget;
}
