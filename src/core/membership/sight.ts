// Who reaches whom. A hub that hears another only through a third notices it, and tells the pool; together these words are
// the reachability matrix, in which a cut that works one way shows as a cell without its mirror image.

import type { HubId } from '../ids.ts'
import { type Millis, minute, type Now, never } from '../time.ts'
import { isPlausible } from './member.ts'
import { maxBlind, type SightWord } from './messages.ts'

/** A word that is not empty is repeated this often, and void when it has not been for three times as long. */
const refreshMs: Millis = minute
/** Changes wait for company. */
const coalesceMs: Millis = 2_000

interface Seen {
  readonly word: SightWord
  readonly at: Millis
}

export class Sight {
  readonly #self: HubId
  readonly #blind = new Set<HubId>()
  /** Missed once: a lost packet, until it is missed again. */
  readonly #missed = new Set<HubId>()
  readonly #others = new Map<HubId, Seen>()
  #seq: number
  #tellAt: Millis = never

  constructor(self: HubId, bootedAt: Millis) {
    this.#self = self
    this.#seq = Math.floor(bootedAt)
  }

  deadline(): Millis {
    return this.#tellAt
  }

  /**
   * A direct probe of the hub was, or was not, answered; in both cases the hub is there. One miss is a lost packet: to tell
   * the pool of each would fill lossy lines with it. And to ask once more at once would be a probe more that can fail.
   */
  probed(hub: HubId, isReached: boolean, now: Now): void {
    const isFirstMiss = !isReached && !this.#missed.has(hub)
    if (isReached) this.#missed.delete(hub)
    else this.#missed.add(hub)
    if (isFirstMiss || isReached === !this.#blind.has(hub)) return
    if (isReached) this.#blind.delete(hub)
    else if (this.#blind.size < maxBlind) this.#blind.add(hub)
    this.#tellAt = Math.min(this.#tellAt, now.mono + coalesceMs)
  }

  /** The hub is gone: it is not out of sight, it is not there. */
  gone(hub: HubId): void {
    this.#blind.delete(hub)
    this.#missed.delete(hub)
    this.#others.delete(hub)
  }

  /** The word that is due now. */
  due(now: Now): SightWord | undefined {
    if (this.#tellAt > now.mono) return undefined
    this.#tellAt = this.#blind.size > 0 ? now.mono + refreshMs : never
    return { by: this.#self, seq: ++this.#seq, blind: [...this.#blind] }
  }

  /** Takes another hub's word and says whether it is news. `isMember`: words are kept of members alone. */
  learn(word: SightWord, isMember: boolean, now: Now): boolean {
    const held = this.#others.get(word.by)
    if (!isMember || word.by === this.#self || !isPlausible(word.seq, 0, now.wall)) return false
    if (held !== undefined && held.word.seq >= word.seq) return false
    this.#others.set(word.by, { word, at: now.mono })
    return true
  }

  /** hub → whom it reaches only through others; hubs that reach everybody are left out. */
  matrix(now: Now): ReadonlyMap<HubId, readonly HubId[]> {
    const rows = new Map<HubId, readonly HubId[]>()
    if (this.#blind.size > 0) rows.set(this.#self, [...this.#blind])
    for (const [hub, { word, at }] of this.#others) {
      if (word.blind.length > 0 && now.mono - at <= 3 * refreshMs) rows.set(hub, word.blind)
    }
    return rows
  }
}
