// When the projects of this home last beat, noted now and then: after all hubs were down it is still known. What is read back has
// lapsed, and makes nothing online (P8).

import type { Slug } from '../ids.ts'
import type { StoreOp } from '../machine.ts'
import { type Millis, minute, type Now } from '../time.ts'
import type { LastBeat } from './lease.ts'
import type { PresenceOptions } from './protocol.ts'
import type { LeaseTable } from './table.ts'

export const beatPrefix = 'beat/'
/** Each lease is written so often, at most. */
const everyMs: Millis = 5 * minute

export class Checkpoint {
  readonly #options: PresenceOptions
  readonly #held: LeaseTable
  /** What the store has, by project. */
  readonly #noted: Map<Slug, Millis>
  #at: Millis

  constructor(parts: { readonly options: PresenceOptions; readonly held: LeaseTable }, now: Now) {
    const { options, held } = parts
    this.#options = options
    this.#held = held
    this.#at = now.mono + everyMs
    const { lastBeats = new Map() } = options
    this.#noted = new Map([...lastBeats].map(([slug, { beatAt }]) => [slug, beatAt]))
    for (const [slug, { claim, beatAt }] of lastBeats) {
      if (held.size >= options.maxLeases || claim[1] !== options.self) continue
      const report = { isDegraded: false, reasons: [] }
      const lease = { slug, claim, rev: options.incarnation, state: 'lapsed' as const, beatAt, report }
      held.set({ lease, heardAt: now.mono - Math.max(0, now.wall - beatAt) })
    }
  }

  deadline(): Millis {
    return this.#at
  }

  /** Whether that lease is one that was read back, and nobody has said anything of since. */
  isRestored(slug: Slug): boolean {
    return this.#held.get(slug)?.lease.rev === this.#options.incarnation
  }

  /** What there is to write; nothing where nothing beat. */
  take(now: Now): readonly StoreOp[] {
    this.#at = now.mono + everyMs
    const batch: StoreOp[] = []
    const own = new Set(this.#held.ofHome(this.#options.self))
    for (const slug of own) {
      const lease = this.#held.get(slug)?.lease
      if (lease === undefined || lease.state === 'gone' || this.#noted.get(slug) === lease.beatAt) continue
      const value: LastBeat = { claim: lease.claim, beatAt: lease.beatAt }
      batch.push({ op: 'put', key: `${beatPrefix}${slug}`, value })
      this.#noted.set(slug, lease.beatAt)
    }
    for (const slug of this.#noted.keys()) {
      if (own.has(slug)) continue
      batch.push({ op: 'del', key: `${beatPrefix}${slug}` })
      this.#noted.delete(slug)
    }
    return batch
  }
}
