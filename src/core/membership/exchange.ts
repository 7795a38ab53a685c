// When tables are exchanged whole: seldom enough that a large pool does not spend its time on it (memberlist's push/pull
// scale), and not twice for one difference.

import { type Millis, second } from '../time.ts'
import type { State } from './member.ts'
import { maxExchange } from './messages.ts'

/** Up to this size they are compared at the set pace. */
const threshold = 32

/** Factor on the pace of comparisons in a pool of `size`: 1 up to 32, one more with every doubling. */
export function exchangeScale(size: number): number {
  return size <= threshold ? 1 : Math.ceil(Math.log2(size) - Math.log2(threshold)) + 1
}

/** A table in as many parts as messages are needed for it. */
export function inParts(states: readonly State[]): State[][] {
  const parts: State[][] = []
  for (let from = 0; from < states.length; from += maxExchange) parts.push(states.slice(from, from + maxExchange))
  return parts
}

/** A table that was told is not told again within this time, changed or not: what changes meanwhile travels as rumours. */
export const tableHoldsMs: Millis = second
