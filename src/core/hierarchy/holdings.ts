// Which ledgers this hub holds whole, of reporters that the backbone watches, and the mark of all of them.

import type { HubId } from '../ids.ts'
import { Tally } from '../mark.ts'
import type { HubInfo } from '../wire.ts'
import type { Bulletin } from './bulletin.ts'
import type { Foreign } from './foreigners.ts'
import type { Ledger } from './ledger.ts'
import type { Stand } from './messages.ts'
import type { Pools } from './pools.ts'
import type { Reports } from './reports.ts'
import { isBackbone } from './tiers.ts'
import { isUp } from './verdict.ts'

/** A ledger that is held, as it is told of. */
export interface Holding {
  readonly reporter: HubId
  readonly stand: Stand
}

export interface HoldingsParts {
  readonly self: HubInfo
  readonly pools: Pools
  readonly foreign: ReadonlyMap<HubId, Foreign>
  readonly reports: Reports
  readonly bulletin: Bulletin
}

export class Holdings {
  readonly #parts: HoldingsParts
  /** Both are kept while nothing changes that they are made of: they are told with every question and answer. */
  #held: readonly Holding[] | undefined
  #digest: string | undefined

  constructor(parts: HoldingsParts) {
    this.#parts = parts
  }

  /** A ledger has changed, or what is believed of its reporter. */
  unsettle(): void {
    this.#held = undefined
    this.#digest = undefined
  }

  held(): readonly Holding[] {
    this.#held ??= this.#counted()
    return this.#held
  }

  /** H10: a mark of the ledgers of all reporters of the backbone that are believed present. */
  digest(): string {
    if (this.#digest === undefined) {
      const tally = new Tally()
      for (const { reporter, stand } of this.held()) tally.toggle(`${reporter} ${stand.epoch} ${stand.seq}`)
      this.#digest = tally.text()
    }
    return this.#digest
  }

  #counted(): Holding[] {
    const held: Holding[] = []
    const { self, bulletin, reports } = this.#parts
    const own = bulletin.stand()
    if (own !== undefined && own.count > 0 && isBackbone(self.tier)) held.push({ reporter: self.hub, stand: own })
    for (const [reporter, ledger] of reports.ledgers()) {
      const stand = ledger.stand()
      if (stand !== undefined && stand.count > 0 && this.#isWatched(ledger)) held.push({ reporter, stand })
    }
    return held
  }

  /** Whether the backbone watches the reporter and holds it present, in the life in which it wrote the ledger. */
  #isWatched(ledger: Ledger): boolean {
    const belief = this.#parts.pools.member(ledger.reporter) ?? this.#parts.foreign.get(ledger.reporter)
    if (belief === undefined || !isBackbone(belief.info.tier) || !isUp(belief)) return false
    return ledger.incarnation >= belief.incarnation
  }
}
