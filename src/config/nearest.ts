/** Longest word a suggestion is looked for; a longer one is no slip of the finger. */
const MAX_WORD = 40;

/** The word of `known` that was probably meant, null when none is near: at most one slip for every three letters begun (Levenshtein distance). */
export function nearest(word: string, known: readonly string[]): string | null {
  if (word.length > MAX_WORD) return null;
  const plain = word.toLowerCase().replaceAll("-", "_");
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.ceil(plain.length / 3)) + 1;
  for (const candidate of known) {
    const found = distance(plain, candidate.toLowerCase());
    if (found < bestDistance) [best, bestDistance] = [candidate, found];
  }
  return best;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
