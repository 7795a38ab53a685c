// C13: in which epoch the own slice is written. It opens once all is known that can be learned of the own slice, and another
// follows whenever something of it turns up that this hub does not know, or its head cannot be gone on with.

import type { HubId, PeerId } from '../ids.ts'
import type { Now } from '../time.ts'
import type { Absence } from './absence.ts'
import type { Author } from './author.ts'
import type { Burial, Burials } from './burials.ts'
import type { Collector } from './collector.ts'
import type { Replication } from './replication.ts'
import type { Reserve } from './reserve.ts'
import { compareEpochs, type Run, type Slice } from './slice.ts'
import { adopting } from './writes.ts'

export interface OpeningOptions {
  readonly hub: HubId
  readonly peer: PeerId
  readonly author: Author
  readonly absence: Absence
  readonly burials: Burials
  readonly collector: Collector
  readonly replication: Replication
  readonly reserve: Reserve
}

export class Opening {
  readonly #options: OpeningOptions
  /** The number of the own slice's epoch at start. */
  readonly #stored: number

  constructor(options: OpeningOptions, own: Slice | undefined, lostEpoch = 0) {
    this.#options = options
    this.#stored = own?.version.epoch[0] ?? lostEpoch
    // C10: what hubs of 0.2 stored is without a head, and what was signed by another key others take in another epoch only.
    if (own !== undefined && own.head?.peer !== options.peer) options.author.reopen(this.#highest)
  }

  /** Everything that can be learned of the own slice is known; its epoch may open. */
  open(now: Now): void {
    const { absence, author, collector, replication, reserve } = this.#options
    const isFirst = author.epoch === undefined
    // C14: after a long absence, when all slices are fetched: what others removed is known as far as they still say it.
    const isWhole = replication.currency.behind === 0 && reserve.size === 0
    if (isWhole) collector.begin(now)
    const isReturn = isWhole && absence.begin()
    if (isReturn) {
      const past = collector.ownPast(now, (id) => reserve.gave(id))
      author.trim(past, collector.horizon(now))
    }
    if (isFirst || isReturn) author.reopen(this.#highest)
  }

  /** C15: a hub that was forgotten and lives says everything anew in an epoch above. */
  forgotten(burial: Burial): void {
    const { author, burials, hub } = this.#options
    const { epoch } = author
    const until = burial.hub === hub ? burials.epochOf(hub) : undefined
    const isOver = until !== undefined && epoch !== undefined && compareEpochs(epoch, until) <= 0
    if (isOver) author.reopen(this.#highest)
  }

  /** What a peer still holds of this hub's earlier epochs is written again, stamps as they are. */
  recover(run: Run, now: Now): void {
    const { author, replication } = this.#options
    if (author.submit({ writes: adopting(run.records), extra: [] }, now) !== undefined) return
    replication.absorb(run)
    const { epoch } = author
    if (epoch === undefined || run.epoch[0] >= epoch[0]) author.reopen(this.#highest)
  }

  get #highest(): number {
    const { burials, hub, replication } = this.#options
    return Math.max(this.#stored, replication.highestOwn, burials.epochOf(hub)?.[0] ?? 0)
  }
}
