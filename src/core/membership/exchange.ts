// When tables are exchanged whole: seldom enough that a large pool does not spend its time on it (memberlist's push/pull
// scale), and not twice for one difference.

import type { PeerId } from '../ids.ts'
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

/** A table that was told is not told again within this time: what changes meanwhile travels as rumours. */
const repeatMs: Millis = second

/**
 * Who was told this hub's table a moment ago. Both ends of a new link compare, and both find the difference: the table
 * that answers one answers the other, whose question is still on its way.
 */
export class Told {
  readonly #at = new Map<PeerId, Millis>()

  note(peer: PeerId, mono: Millis): void {
    for (const [other, at] of this.#at) {
      if (mono - at <= repeatMs) break
      this.#at.delete(other)
    }
    this.#at.delete(peer)
    this.#at.set(peer, mono)
  }

  has(peer: PeerId, mono: Millis): boolean {
    return mono - (this.#at.get(peer) ?? Number.NEGATIVE_INFINITY) <= repeatMs
  }
}
