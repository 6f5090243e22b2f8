import { distance } from 'fastest-levenshtein';

/** Texts longer than this are compared without regard to exchanged neighbours. */
const LONGEST = 64;

/** Fewest substitutions, deletions, insertions and exchanges of neighbours (optimal string alignment; Damerau, CACM 7(3), 1964). */
export function editDistance(a: string, b: string): number {
  const plain = distance(a, b);
  // An exchange saves one of two edits.
  if (plain < 2 || a.length > LONGEST || b.length > LONGEST) return plain;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1];
      let least = Math.min((last[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + (same ? 0 : 1));
      if (row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]) least = Math.min(least, (before[column - 2] ?? 0) + 1);
      current.push(least);
    }
    [before, last] = [last, current];
  }
  return last[b.length] ?? plain;
}
