// Ties between children and parents. A child asks its parents now and then: seldom where SWIM of a common pool watches the
// parent already, oftener where nobody else does, and every second while it gets no answer.

import type { HubId, Tier } from '../ids.ts'
import type { Random } from '../random.ts'
import { type Millis, type Now, never } from '../time.ts'
import type { HubInfo } from '../wire.ts'
import { sharesPool } from './tiers.ts'

/** Unanswered questions after which a tie counts as broken; a second apart, so the age of SWIM's suspicion of few. */
export const brokenAfter = 5
/** Within one common pool SWIM finds a death within seconds: the tie is asked for this many times less often. */
export const watchedPace = 4
/** Of the interval: how soon an unanswered question is repeated. */
const repeatAfter = 0.2
/** A parent that refused (full) or broke off is not asked again for this many intervals. */
const avoidFor = 12

interface ParentTie {
  readonly info: HubInfo
  readonly askAt: Millis
  readonly askedAt: Millis
  readonly unanswered: number
  /** It took this hub as a child. */
  readonly isTaken: boolean
}

interface ChildTie {
  readonly info: HubInfo
  readonly heardAt: Millis
}

export class Ties {
  readonly #self: HubInfo
  readonly #intervalMs: Millis
  readonly #random: Random
  readonly #parents = new Map<HubId, ParentTie>()
  readonly #children = new Map<HubId, ChildTie>()
  readonly #avoided = new Map<HubId, Millis>()
  #insisted: HubId | undefined

  constructor(parts: { self: HubInfo; intervalMs: Millis; random: Random }) {
    this.#self = parts.self
    this.#intervalMs = parts.intervalMs
    this.#random = parts.random
  }

  parents(): HubInfo[] {
    return [...this.#parents.values()].map((tie) => tie.info)
  }

  children(): HubInfo[] {
    return [...this.#children.values()].map((tie) => tie.info)
  }

  isChild(hub: HubId): boolean {
    return this.#children.has(hub)
  }

  /** H12: the parent that is full, and was asked to take this hub all the same. */
  get insisted(): HubId | undefined {
    return this.#insisted
  }

  insist(hub: HubId | undefined): void {
    this.#insisted = hub
  }

  /** Whether one of these has taken this hub as a child within its capacity. */
  isTaken(hubs: readonly HubId[]): boolean {
    return hubs.some((hub) => hub !== this.#insisted && this.#parents.get(hub)?.isTaken === true)
  }

  /** Children of that tier. */
  count(tier: Tier): number {
    let count = 0
    for (const { info } of this.#children.values()) if (info.tier === tier) count++
    return count
  }

  /** Whether there are more children of a tier than fit. */
  isOver(capacityOf: (tier: Tier) => number): boolean {
    return (['regional', 'local'] as const).some((tier) => this.count(tier) > capacityOf(tier))
  }

  hasRoom({ hub, tier }: HubInfo, capacity: number): boolean {
    return this.#children.has(hub) || this.count(tier) < capacity
  }

  /** When a parent is to be asked next. */
  deadline(): Millis {
    let earliest: Millis = never
    for (const { askAt } of this.#parents.values()) earliest = Math.min(earliest, askAt)
    return earliest
  }

  isAvoided(hub: HubId, now: Now): boolean {
    return (this.#avoided.get(hub) ?? Number.NEGATIVE_INFINITY) > now.mono
  }

  /** Makes exactly these the parents; says whether anything changed. A new one is asked at once. */
  choose(parents: readonly HubInfo[], now: Now): boolean {
    const chosen = new Set(parents.map((info) => info.hub))
    const isSame = chosen.size === this.#parents.size && [...chosen].every((hub) => this.#parents.has(hub))
    for (const hub of [...this.#parents.keys()]) if (!chosen.has(hub)) this.#parents.delete(hub)
    for (const info of parents) {
      const fresh = { askAt: now.mono, askedAt: now.mono, unanswered: 0, isTaken: false }
      const held = this.#parents.get(info.hub) ?? fresh
      this.#parents.set(info.hub, { ...held, info })
    }
    return !isSame
  }

  /** The parents to ask now. */
  due(now: Now): HubInfo[] {
    const due: HubInfo[] = []
    for (const [hub, tie] of this.#parents) {
      if (tie.askAt > now.mono) continue
      due.push(tie.info)
      const askAt = now.mono + repeatAfter * this.#intervalMs
      this.#parents.set(hub, { ...tie, askAt, askedAt: now.mono, unanswered: tie.unanswered + 1 })
    }
    return due
  }

  /** The link to the hub came up or was lost: a parent is asked at once. */
  stir(hub: HubId, now: Now): void {
    const tie = this.#parents.get(hub)
    if (tie !== undefined) this.#parents.set(hub, { ...tie, askAt: now.mono })
  }

  /** A parent is asked again after an interval, however seldom it is asked otherwise. */
  hasten(hub: HubId, now: Now): void {
    const tie = this.#parents.get(hub)
    const askAt = now.mono + this.#intervalMs
    if (tie !== undefined && tie.askAt > askAt) this.#parents.set(hub, { ...tie, askAt })
  }

  /** A parent answered. A refusal ends the tie. Returns the round trip where it is certain which question it was. */
  answered(hub: HubId, accepted: boolean, now: Now): Millis | undefined {
    const tie = this.#parents.get(hub)
    if (tie === undefined) return undefined
    const pause = this.#pace(tie.info) * (0.9 + 0.2 * this.#random.real())
    if (accepted) this.#parents.set(hub, { ...tie, askAt: now.mono + pause, unanswered: 0, isTaken: true })
    else this.avoid(hub, now)
    return tie.unanswered === 1 ? now.mono - tie.askedAt : undefined
  }

  avoid(hub: HubId, now: Now): void {
    this.#parents.delete(hub)
    this.#avoided.set(hub, now.mono + avoidFor * this.#intervalMs)
  }

  /** The hub is known to be well again: it may be asked. */
  pardon(hub: HubId): void {
    this.#avoided.delete(hub)
  }

  /** The hub is no child any more, and there. */
  release(hub: HubId): void {
    this.#children.delete(hub)
  }

  /** A child asks; accepted while there is room among those of its tier. */
  adopt(info: HubInfo, capacity: number, now: Now): boolean {
    if (!this.hasRoom(info, capacity)) return false
    this.#children.set(info.hub, { info, heardAt: now.mono })
    return true
  }

  /** Ends the ties that have been silent too long and returns who was at the other end. */
  sever(now: Now): HubInfo[] {
    for (const [hub, until] of this.#avoided) if (until <= now.mono) this.#avoided.delete(hub)
    const broken: HubInfo[] = []
    for (const [hub, { info, askAt, unanswered }] of this.#parents) {
      if (unanswered < brokenAfter || askAt > now.mono) continue
      this.avoid(hub, now)
      broken.push(info)
    }
    for (const [hub, { info, heardAt }] of this.#children) {
      // As long as the child would have gone on asking, twice over.
      const patience = 2 * (this.#pace(info) + brokenAfter * repeatAfter * this.#intervalMs)
      if (now.mono - heardAt <= patience) continue
      this.#children.delete(hub)
      broken.push(info)
    }
    return broken
  }

  /** Drops a hub that is known dead or gone. */
  drop(hub: HubId): void {
    this.#parents.delete(hub)
    this.#children.delete(hub)
  }

  #pace(other: HubInfo): Millis {
    return sharesPool(this.#self, other) ? watchedPace * this.#intervalMs : this.#intervalMs
  }
}
