// What a person probably meant: the known word with the fewest edits (Levenshtein), if it is near enough.

/** The nearest option within a third of the word's length, but at least two edits; undefined when none is that near. */
export function nearest(word: string, options: readonly string[]): string | undefined {
  const bound = Math.max(2, Math.floor(word.length / 3))
  const ranked = options.map((option) => ({ option, distance: edits(word, option) })).filter((o) => o.distance <= bound)
  return ranked.sort((a, b) => a.distance - b.distance)[0]?.option
}

function edits(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
