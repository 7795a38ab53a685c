// About how many places of two rows differ: each row is dealt into parts, every part marked with one byte, and the share of
// parts with another mark says it, as the share of empty boxes says how many balls were thrown (linear counting: Whang,
// Vander-Zanden, Taylor, 1990).

/** Most parts of a row that are marked. */
export const maxMarks = 128
/** Places a part: few enough that a part in eight or so stays equal while a sketch is shorter than the row. */
const placesPerPart = 8
/** Above the mean by so many standard deviations: a sketch too short is a round trip lost. */
const caution = 3

/** One byte a part. */
export function marksOf(row: readonly number[]): Uint8Array {
  const parts = Math.min(maxMarks, Math.ceil(row.length / placesPerPart))
  const marks = new Uint8Array(parts)
  for (const [place, seq] of row.entries()) {
    // Dealt by a hash: neighbours often change together, and would else never meet in one part.
    const part = mixed(place) % parts
    marks[part] = (marks[part] ?? 0) + (mixed(mixed(seq) ^ place ^ Math.floor(seq / 0x1_0000_0000)) & 0xff)
  }
  return marks
}

/** How many differences a sketch should tell; infinite when the marks do not say. */
export function differencesBehind(theirs: Uint8Array, own: Uint8Array): number {
  if (theirs.length !== own.length || own.length === 0) return Number.POSITIVE_INFINITY
  let differ = 0
  for (const [part, mark] of own.entries()) if (mark !== theirs[part]) differ++
  if (differ === own.length) return Number.POSITIVE_INFINITY
  const load = -Math.log(1 - differ / own.length)
  const deviation = Math.sqrt(own.length * Math.max(0, Math.exp(load) - 1 - load))
  return Math.ceil(own.length * load + caution * deviation) + 1
}

/** Murmur's finish. */
function mixed(value: number): number {
  let hash = Math.imul(value ^ (value >>> 16), 0x85eb_ca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2_ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
