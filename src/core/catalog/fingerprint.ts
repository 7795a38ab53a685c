// One fingerprint of a set that changes member by member: the sum of the members' own hashes, so that a change costs its
// member and not the set. AdHash (Bellare, Micciancio: "A New Paradigm for Collision-Free Hashing", 1997), cut to 64 bits:
// it tells honest peers that they differ, and who lies about what it holds deceives nobody but itself.

import { hashOf } from '../hash.ts'

/** Two lanes of 32 bits. */
export interface Mark {
  readonly high: number
  readonly low: number
}

export const noMark: Mark = { high: 0, low: 0 }

export function markOf(text: string): Mark {
  const hash = hashOf([text])
  return { high: Number.parseInt(hash.slice(0, 8), 16), low: Number.parseInt(hash.slice(8, 16), 16) }
}

export function plus(a: Mark, b: Mark): Mark {
  return { high: (a.high + b.high) >>> 0, low: (a.low + b.low) >>> 0 }
}

export function minus(a: Mark, b: Mark): Mark {
  return { high: (a.high - b.high) >>> 0, low: (a.low - b.low) >>> 0 }
}

/** Sixteen hex digits. */
export function asText({ high, low }: Mark): string {
  return high.toString(16).padStart(8, '0') + low.toString(16).padStart(8, '0')
}
