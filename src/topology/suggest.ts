/** The known word that is meant by a misspelt one: at most two letters away, or one the start of the other; null where none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  const lower = word.toLowerCase();
  let best: string | null = null;
  let bestDistance = 3;
  for (const candidate of known) {
    const distance = editDistance(lower, candidate.toLowerCase());
    // Two letters of a three-letter word would make everything near.
    if (distance < bestDistance && distance < Math.max(1, lower.length - 1)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best ?? sharedStart(lower, known);
}

function sharedStart(word: string, known: readonly string[]): string | null {
  if (word.length < 3) return null;
  return known.find((candidate) => candidate.startsWith(word) || (candidate.length >= 3 && word.startsWith(candidate))) ?? null;
}

/** Letters to insert, delete or replace, and neighbours to swap (Damerau's distance, each letter touched once). */
function editDistance(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = swapped ? (beforePrevious[j - 2] ?? 0) + 1 : Infinity;
      current[j] = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, replace, swap);
    }
    beforePrevious = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
