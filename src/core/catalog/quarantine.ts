// C10: whose word on which slice is not taken for a while: a peer served what its author did not sign, or nothing at all of
// what it said it holds. Bounded in time, because it may have been mended since, and because this hub may have erred.

import type { HubId, PeerId } from '../ids.ts'
import { type Millis, minute } from '../time.ts'

export type QuarantineReason =
  /** The records are not those that the head was signed for. */
  | 'root'
  /** The key that the head names did not sign it. */
  | 'signature'
  /** The head names a key that is not the hub's. */
  | 'key'
  /** It is no run at all, or has no head. */
  | 'malformed'
  /** What was said to be held was not handed over. */
  | 'withheld'

export interface Quarantined {
  readonly hub: HubId
  readonly peer: PeerId
  readonly reason: QuarantineReason
}

/** C10: of that slice nothing is taken from that peer for a while. */
export type QuarantineChange = { readonly type: 'quarantined' } & Quarantined
interface News {
  readonly type: 'change'
  readonly change: QuarantineChange
}

interface Sentence {
  readonly peer: PeerId
  readonly until: Millis
  readonly isForged: boolean
}

/** Long enough that others are asked first, short enough that a peer that was mended is asked again. */
export const quarantineMs: Millis = 1 * minute
/** A peer that lies about more slices at once is asked for the oldest again. */
const maxQuarantined = 10_000

export class Quarantine {
  /** The oldest first. */
  readonly #until = new Map<string, Sentence>()
  #news: News[] = []

  /** `mono` is of the monotonic clock. */
  add(quarantined: Quarantined, mono: Millis): void {
    const { peer, hub, reason } = quarantined
    const name = nameOf(peer, hub)
    this.#until.delete(name)
    const oldest = this.#until.size >= maxQuarantined ? this.#until.keys().next().value : undefined
    if (oldest !== undefined) this.#until.delete(oldest)
    this.#until.set(name, { peer, until: mono + quarantineMs, isForged: reason !== 'withheld' })
    this.#news.push({ type: 'change', change: { type: 'quarantined', ...quarantined } })
  }

  has(peer: PeerId, hub: HubId, mono: Millis): boolean {
    return (this.#until.get(nameOf(peer, hub))?.until ?? 0) > mono
  }

  /** Of whom something is quarantined. */
  peers(mono: Millis): ReadonlySet<PeerId> {
    return new Set([...this.#until.values()].flatMap(({ peer, until }) => (until > mono ? [peer] : [])))
  }

  /** How many slices of how many peers were forged, as far as that still counts. */
  forged(mono: Millis): number {
    let count = 0
    for (const { until, isForged } of this.#until.values()) if (isForged && until > mono) count++
    return count
  }

  /** What was added since the last time, as effects. */
  news(): readonly News[] {
    const news = this.#news
    if (news.length > 0) this.#news = []
    return news
  }
}

function nameOf(peer: PeerId, hub: HubId): string {
  return `${peer} ${hub}`
}
