// Links that nobody here asked for: a newcomer that wants to be told of the others, a hub with an older view of the rings.
// They are welcome while there is room. Without a bound the seeds of a federation fill up with everybody who ever joined
// through them, and the next newcomer finds every door shut.

import type { PeerId } from '../ids.ts'
import { type Millis, type Now, never, second } from '../time.ts'

/** Time to hear of the members, to be heard of, and to become somebody's child. */
const stayMs: Millis = 5 * second

export interface Release {
  readonly peers: readonly PeerId[]
  /** When there is more to release; `never` while the links are within their limit. */
  readonly again: Millis
}

export class Guests {
  readonly #maxLinks: number
  /** When each link came up, the oldest first. */
  readonly #since = new Map<PeerId, Millis>()

  constructor(maxLinks: number) {
    this.#maxLinks = maxLinks
  }

  arrived(peer: PeerId, now: Now): void {
    this.#since.delete(peer)
    this.#since.set(peer, now.mono)
  }

  gone(peer: PeerId): void {
    this.#since.delete(peer)
  }

  /** H14: of more links than the limit those that are not needed end, the oldest first, once each has had its stay. */
  release(isNeeded: (peer: PeerId) => boolean, now: Now): Release {
    const peers: PeerId[] = []
    let surplus = this.#since.size - this.#maxLinks
    if (surplus <= 0) return { peers, again: never }
    for (const [peer, since] of this.#since) {
      if (surplus === 0) break
      if (isNeeded(peer)) continue
      if (since + stayMs > now.mono) return { peers, again: since + stayMs }
      peers.push(peer)
      surplus--
    }
    return { peers, again: never }
  }
}
