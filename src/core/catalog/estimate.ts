// About how many places of two rows differ: each row is dealt into parts, every part marked with four bits, and the share of
// parts with another mark says it, as the share of empty boxes says how many balls were thrown (linear counting: Whang,
// Vander-Zanden, Taylor, 1990).

import { mixed } from '../mark.ts'

/** Most bytes of marks; each holds those of two parts. */
export const maxMarkBytes = 96
/** Places a part: few enough that a part in eight or so stays equal while a sketch is shorter than the row. */
const placesPerPart = 6
/** Parts that differ and have the same mark all the same. */
const blindShare = 1 / 16
/** Above the mean by so many standard deviations: a sketch too short is a round trip lost. */
const caution = 3

/** Four bits a part; an even number of parts. */
export function marksOf(row: readonly number[]): Uint8Array {
  const bytes = Math.min(maxMarkBytes, Math.ceil(row.length / (2 * placesPerPart)))
  const sums = new Uint32Array(2 * bytes)
  for (const [place, seq] of row.entries()) {
    // Dealt by a hash: neighbours often change together, and would else never meet in one part.
    const part = mixed(place) % sums.length
    sums[part] = (sums[part] ?? 0) + mixed(mixed(seq) ^ place ^ Math.floor(seq / 0x1_0000_0000))
  }
  return Uint8Array.from({ length: bytes }, (_, i) => ((sums[2 * i] ?? 0) & 15) | (((sums[2 * i + 1] ?? 0) & 15) << 4))
}

/** How many differences a sketch should tell; infinite when the marks do not say. */
export function differencesBehind(theirs: Uint8Array, own: Uint8Array): number {
  if (theirs.length !== own.length || own.length === 0) return Number.POSITIVE_INFINITY
  const parts = 2 * own.length
  let differ = 0
  for (const [i, mark] of own.entries()) {
    const change = mark ^ (theirs[i] ?? 0)
    differ += Number((change & 15) !== 0) + Number(change >>> 4 !== 0)
  }
  const share = differ / parts / (1 - blindShare)
  if (share >= 1) return Number.POSITIVE_INFINITY
  const load = -Math.log(1 - share)
  const deviation = Math.sqrt(parts * Math.max(0, Math.exp(load) - 1 - load))
  return Math.ceil(parts * load + caution * deviation) + 1
}
