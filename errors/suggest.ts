/**
 * The candidate that the user most likely meant, or undefined when none is near.
 * Near = at most a third of the longer word must change (Damerau-Levenshtein, adjacent swaps
 * count once); of equally near ones the first wins.
 */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  return suggestAll(word, candidates)[0];
}

/** Every candidate that is near, the nearest first; see {@linkcode suggest}. */
export function suggestAll(word: string, candidates: Iterable<string>): string[] {
  return near(word, candidates).sort((a, b) => a.distance - b.distance).map((each) => each.word);
}

function near(word: string, candidates: Iterable<string>): { word: string; distance: number }[] {
  return [...candidates].flatMap((candidate) => {
    const limit = Math.ceil(Math.max(word.length, candidate.length) / 3);
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    return distance <= limit ? [{ word: candidate, distance }] : [];
  });
}

/** ` (did you mean "X"?)`, or an empty string when nothing is near. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const near = suggest(word, candidates);
  return near === undefined ? "" : ` (did you mean "${near}"?)`;
}

function editDistance(a: string, b: string): number {
  const rows: number[][] = [];
  const cell = (i: number, j: number) => rows[i]?.[j] ?? 0;
  for (let i = 0; i <= a.length; i++) {
    const row: number[] = [];
    rows.push(row);
    for (let j = 0; j <= b.length; j++) {
      if (i === 0 || j === 0) {
        row.push(i + j);
        continue;
      }
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let value = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, cell(i - 1, j - 1) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        value = Math.min(value, cell(i - 2, j - 2) + 1);
      }
      row.push(value);
    }
  }
  return cell(a.length, b.length);
}
