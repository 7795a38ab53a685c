// The own pools as membership reports them: final where they speak, and what this hub owes the federation a report of.

import type { HubId, Region, Tier } from '../ids.ts'
import type { Millis, Now } from '../time.ts'
import { type HubInfo, statementOf } from '../wire.ts'
import type { Word } from './messages.ts'
import { Terms } from './terms.ts'
import { reporters } from './tiers.ts'

const goodness: Record<Word['status'], number> = { alive: 3, suspect: 2, left: 1, dead: 0 }

/** A word about a hub of an own pool, with the measured round trip, milliseconds. */
export interface PoolMember extends Word {
  readonly rttMs?: number
}

export class Pools {
  readonly #pools: ReadonlyMap<string, Map<HubId, PoolMember>>
  readonly #terms = new Terms()
  readonly #self: { readonly hub: HubId; readonly region: Region; readonly tier: Tier }

  constructor(self: HubInfo, names: readonly string[]) {
    this.#self = self
    this.#pools = new Map(names.map((name) => [name, new Map()]))
  }

  set(pool: string, member: PoolMember): void {
    this.#pools.get(pool)?.set(member.info.hub, member)
  }

  drop(pool: string, hub: HubId): void {
    this.#pools.get(pool)?.delete(hub)
  }

  /** What the own pools say about a hub: the best of the newest; undefined when it is in none of them. */
  member(hub: HubId): PoolMember | undefined {
    let best: PoolMember | undefined
    for (const members of this.#pools.values()) {
      const member = members.get(hub)
      if (member !== undefined && (best === undefined || isBetter(member, best))) best = member
    }
    return best
  }

  /** Whether own pools speak of the hub: this hub itself included. */
  has(hub: HubId): boolean {
    return hub === this.#self.hub || this.member(hub) !== undefined
  }

  byName(): ReadonlyMap<string, ReadonlyMap<HubId, PoolMember>> {
    return this.#pools
  }

  each(): PoolMember[][] {
    return [...this.#pools.values()].map((members) => [...members.values()])
  }

  all(): PoolMember[] {
    return this.each().flat()
  }

  /** H16: when this hub reports a pool no more. */
  termEndsAt(): Millis {
    return this.#terms.deadline()
  }

  /** The words this hub owes the federation: those of each pool that it reports. */
  owed(ownWord: Word, now: Now): Word[] {
    const words = new Map<HubId, Word>()
    for (const [pool, members] of this.#pools) {
      const present: { readonly hub: HubId; readonly tier: Tier }[] = [this.#self]
      for (const { status, info } of members.values())
        if (status === 'alive' || status === 'suspect') present.push(info)
      const isChosen = reporters(present).includes(this.#self.hub)
      if (!this.#terms.isServing(pool, isChosen, now)) continue
      words.set(this.#self.hub, ownWord)
      for (const member of members.values()) words.set(member.info.hub, statementOf(member))
    }
    return [...words.values()]
  }
}

function isBetter(a: Word, b: Word): boolean {
  return a.incarnation !== b.incarnation ? a.incarnation > b.incarnation : goodness[a.status] > goodness[b.status]
}
