// How many different states of the catalog live hubs are in. Hubs that get each other's writes pass through the same states,
// or through states that last for a moment; one that misses something stays in a state of its own. So a state counts once
// somebody has been in it for a while, and for as long as it is heard of: what hubs hold goes from peer to peer with the
// digests that they compare anyway, as gossip does, and only where somebody was found to differ.

import type { Millis } from '../time.ts'
import { type Held, maxHeld } from './messages.ts'

/** In sync intervals. A state counts when a hub has been in it for so long; */
export const settledIntervals = 3
/** and until nobody has said so for so long: some ten rounds of gossip reach a thousand hubs. */
export const aliveIntervals = 12
/** What this hub has left others may leave so much later: a lost delta waits for the next comparison. */
export const lagIntervals = 2
/** States remembered of oneself: those that lasted, within the time that a state counts. */
const maxLeft = 16
/** States of others that are kept; more than a few are a defect of all of them. */
const maxOthers = 64

export class Census {
  readonly #intervalMs: Millis
  readonly #bornAt: Millis
  #own = ''
  #ownSince: Millis
  /** Earlier own states and when each was left. */
  readonly #left = new Map<string, Millis>()
  /** States of others, and when a hub was last in it. */
  readonly #others = new Map<string, Millis>()
  /** When a peer last said something else than this hub. */
  #differedAt: Millis = Number.NEGATIVE_INFINITY

  constructor(intervalMs: Millis, mono: Millis) {
    this.#intervalMs = intervalMs
    this.#bornAt = mono
    this.#ownSince = mono
  }

  /** What this hub holds now; to be said whenever it is looked at. */
  hold(own: string, mono: Millis): void {
    if (own === this.#own) return
    this.#left.delete(this.#own)
    this.#left.set(this.#own, mono)
    const oldest = this.#left.size > maxLeft ? this.#left.keys().next().value : undefined
    if (oldest !== undefined) this.#left.delete(oldest)
    this.#own = own
    this.#ownSince = mono
  }

  /** A peer holds `digest`, and heard of the other states that it tells of. */
  hear(digest: string, told: readonly Held[], mono: Millis): void {
    if (digest !== this.#own) this.#differedAt = mono
    for (const [other, agoMs] of told) {
      const at = mono - agoMs
      if (other === this.#own || at <= (this.#others.get(other) ?? mono - this.#aliveMs)) continue
      this.#others.delete(other)
      this.#others.set(other, at)
    }
    for (const [other, at] of this.#others) if (mono - at > this.#aliveMs) this.#others.delete(other)
    for (const other of this.#others.keys()) {
      if (this.#others.size <= maxOthers) break
      this.#others.delete(other)
    }
  }

  /** What to say with a digest: nothing while nobody differs. */
  tell(mono: Millis): Held[] {
    const isSettled = mono - this.#ownSince >= settledIntervals * this.#intervalMs
    const own: Held[] = isSettled && mono - this.#differedAt <= this.#aliveMs ? [[this.#own, 0]] : []
    const others = this.#present(mono).sort(([, a], [, b]) => b - a)
    return [...own, ...others.map(([digest, at]): Held => [digest, Math.ceil(mono - at)])].slice(0, maxHeld)
  }

  /** Different states that hubs are in, this one's included. */
  alive(mono: Millis): number {
    return 1 + this.#present(mono).length
  }

  get #aliveMs(): Millis {
    return aliveIntervals * this.#intervalMs
  }

  #present(mono: Millis): [string, Millis][] {
    const isAlive = ([digest, at]: [string, Millis]): boolean =>
      digest !== this.#own && mono - at <= this.#aliveMs && at > this.#overUntil(digest)
    return [...this.#others].filter(isAlive)
  }

  /** Up to when others may have been in a state without differing: this hub was in it as well, or was not there yet. */
  #overUntil(digest: string): Millis {
    const leftAt = Math.max(this.#left.get(digest) ?? Number.NEGATIVE_INFINITY, this.#bornAt)
    return leftAt + lagIntervals * this.#intervalMs
  }
}
