/**
 * Returns how many letters must be inserted, deleted, replaced or swapped with their neighbour to turn `a` into `b`.
 * Own code: leven and fastest-levenshtein count two swapped letters, the commonest slip, as two, so `clena` is far
 * from `clean`.
 */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, replace);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      }
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/**
 * Returns the known word that was probably meant: at most one slip in three letters, or a known word cut short.
 * Undefined if none is near. Ignores case.
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  const wanted = word.toLowerCase();
  let best: { candidate: string; distance: number } | undefined;
  for (const candidate of known) {
    const lowered = candidate.toLowerCase();
    const cutShort = wanted.length >= 2 && lowered.startsWith(wanted);
    const distance = cutShort ? 0.5 : editDistance(wanted, lowered);
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, lowered.length) / 3));
    if (distance <= allowed && distance < lowered.length && (!best || distance < best.distance)) {
      best = { candidate, distance };
    }
  }
  return best?.candidate;
}

/** Returns the second half of "… is not known": the nearest word, or the known ones. */
export function suggestion(word: string, known: readonly string[]): string {
  const meant = nearest(word, known);
  if (meant !== undefined) return `did you mean ${meant}?`;
  return known.length > 0 ? `known: ${known.join(', ')}` : 'nothing may stand here';
}
