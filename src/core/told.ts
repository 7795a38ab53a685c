// Who was told something long a moment ago. Both ends of a new link compare what they hold and both find the difference: what
// answers one answers the other, whose question is still on its way.

import type { PeerId } from './ids.ts'
import type { Millis } from './time.ts'

interface Telling {
  readonly what: string
  readonly at: Millis
}

export class Told {
  readonly #withinMs: Millis
  /** The oldest first. */
  readonly #last = new Map<PeerId, Telling>()

  /** What was told longer ago than `withinMs` may have been lost. */
  constructor(withinMs: Millis) {
    this.#withinMs = withinMs
  }

  /** `what` names the content, `mono` is of the monotonic clock. */
  note(peer: PeerId, what: string, mono: Millis): void {
    for (const [other, { at }] of this.#last) {
      if (mono - at <= this.#withinMs) break
      this.#last.delete(other)
    }
    this.#last.delete(peer)
    this.#last.set(peer, { what, at: mono })
  }

  has(peer: PeerId, what: string, mono: Millis): boolean {
    const last = this.#last.get(peer)
    return last?.what === what && mono - last.at <= this.#withinMs
  }

  forget(peer: PeerId): void {
    this.#last.delete(peer)
  }
}
