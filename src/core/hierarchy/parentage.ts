// A hub's parents and children: whom it attaches to, when it looks for better, and whom it takes. A tie is a matter of
// relaying and load only; nothing is lost with one, so a choice may be wrong for a while.

import type { HubId, PeerId } from '../ids.ts'
import type { Effect } from '../machine.ts'
import type { Random } from '../random.ts'
import type { Millis, Now } from '../time.ts'
import type { HubInfo } from '../wire.ts'
import type { TierMessage } from './messages.ts'
import { Prospects } from './prospects.ts'
import type { HierarchyProtocol } from './protocol.ts'
import { type Candidate, chooseParents } from './routes.ts'
import { isAbove } from './tiers.ts'
import { Ties } from './ties.ts'

type Effects = Effect<HierarchyProtocol>[]
type Attach = Extract<TierMessage, { kind: 'tier.attach' }>['body']
type Attached = Extract<TierMessage, { kind: 'tier.attached' }>['body']

export const parentCount = 2
/** Every so many looks round a hub that could be a parent is asked how full it is. */
const looksPerQuestion = 12

export interface ParentageParts {
  readonly self: HubInfo
  readonly random: Random
  readonly preferredParents: readonly HubId[]
  readonly maxRegionalHubs: number
  readonly maxChildHubs: number
  readonly attachIntervalMs: Millis
  /** The round trip that a pool measured. */
  readonly rttMsOf: (hub: HubId) => Millis | undefined
  readonly links: ReadonlyMap<PeerId, HubInfo>
  /** The mark of the ledgers held, told with every question and answer. */
  readonly digest: () => string
}

export class Parentage {
  readonly #parts: ParentageParts
  readonly #ties: Ties
  readonly #prospects = new Prospects()
  #candidates: readonly HubInfo[] = []
  /** The last hub that was asked how full it is. */
  #enquiry: { readonly hub: HubId; readonly at: Millis } | undefined
  #tendAt: Millis
  #looks = 0

  constructor(parts: ParentageParts, now: Now) {
    const { self, random, attachIntervalMs } = parts
    this.#parts = parts
    this.#ties = new Ties({ self, intervalMs: attachIntervalMs, random })
    this.#tendAt = now.mono + random.real() * attachIntervalMs
  }

  parents(): HubInfo[] {
    return this.#ties.parents()
  }

  children(): HubInfo[] {
    return this.#ties.children()
  }

  isChild(hub: HubId | undefined): boolean {
    return hub !== undefined && this.#ties.isChild(hub)
  }

  /** H12: whether this hub has more children than it should, or a parent that has. */
  get isOverfull(): boolean {
    return this.#ties.insisted !== undefined || this.#ties.isOver((tier) => this.#capacity(tier))
  }

  deadline(): Millis {
    return Math.min(this.#tendAt, this.#ties.deadline())
  }

  /** The hub is up again, or gone. */
  settle(hub: HubId, isGone: boolean): void {
    if (isGone) this.#ties.drop(hub)
    else this.#ties.pardon(hub)
  }

  /** The link to the hub came up or was lost. */
  stir(hub: HubId, now: Now): void {
    this.#ties.stir(hub, now)
  }

  /** The hub holds something else: what either says of it next may be lost, and is asked for again soon. */
  differs(hub: HubId, now: Now): void {
    this.#ties.hasten(hub, now)
  }

  /** Looks round: returns whom a tie broke with, and whether parents should be chosen again. */
  tend(now: Now, out: Effects): { readonly broken: readonly HubInfo[]; readonly isRestless: boolean } {
    let isRestless = false
    if (this.#tendAt <= now.mono) {
      this.#tendAt = now.mono + this.#parts.attachIntervalMs
      for (const { hub } of this.#candidates) {
        const rttMs = this.#parts.rttMsOf(hub)
        if (rttMs !== undefined) this.#prospects.measured(hub, rttMs)
      }
      if (++this.#looks % looksPerQuestion === 0) this.#enquire(now, out)
      isRestless = this.#looks % looksPerQuestion === 0 || this.#ties.parents().length < parentCount
    }
    const broken = this.#ties.sever(now)
    return { broken, isRestless: isRestless || broken.length > 0 }
  }

  /** Speaks to the parents whose turn it is. */
  speak(now: Now, out: Effects): void {
    for (const { hub, peer } of this.#ties.due(now)) {
      const insist = this.#ties.insisted === hub ? { insist: true } : {}
      this.#ask(peer, { hub: this.#parts.self.hub, digest: this.#parts.digest(), ...insist }, out)
    }
  }

  /** H11, H12: chooses among the living; returns the parents. */
  choose(living: readonly HubInfo[], now: Now, out: Effects): readonly HubInfo[] {
    const { self, preferredParents } = this.#parts
    this.#candidates = living.filter(({ hub, tier }) => hub !== self.hub && isAbove(tier, self.tier))
    const open: Candidate[] = this.#candidates
      .filter(({ hub }) => !this.#ties.isAvoided(hub, now))
      .map((info) => this.#prospects.candidate(info, now))
    const incumbents = new Set(this.#ties.parents().map(({ hub }) => hub))
    const chooser = { ...self, preferred: preferredParents }
    const parents = chooseParents(chooser, open, { count: parentCount, incumbents })
    const before = this.#ties.insisted
    const least = parents.length > 0 ? undefined : this.#prospects.leastLoaded(this.#candidates, now)
    const kept = this.#candidates.find(({ hub }) => hub === before)
    const insisted = this.#ties.isTaken(parents.map(({ hub }) => hub)) ? undefined : (kept ?? least)
    this.#ties.insist(insisted?.hub)
    const all = insisted === undefined ? parents : [...parents, insisted]
    if (insisted !== undefined && insisted.hub !== before) {
      out.push({ type: 'change', change: { type: 'overfull', parent: insisted.hub } })
    }
    const left = this.#ties.parents().filter(({ hub }) => !all.some((parent) => parent.hub === hub))
    if (this.#ties.choose(all, now)) {
      for (const { peer } of left) {
        if (this.#parts.links.has(peer)) this.#ask(peer, { hub: self.hub, ask: true }, out)
      }
      out.push({ type: 'change', change: { type: 'parents', parents: all.map((info) => info.hub) } })
    }
    return all
  }

  // ---- messages

  /** A child asks. */
  adopt(child: HubInfo, body: Attach, now: Now): Attached {
    const capacity = this.#capacity(child.tier)
    const isAsking = body.ask === true
    // H4: who only asks is no child, or no more: it goes to another parent, and its silence will mean nothing.
    if (isAsking) this.#ties.release(child.hub)
    const accepted = isAsking
      ? this.#ties.hasRoom(child, capacity)
      : this.#ties.adopt(child, body.insist === true ? Number.POSITIVE_INFINITY : capacity, now)
    const load = { children: this.#ties.count(child.tier), capacity }
    return { hub: this.#parts.self.hub, accepted, digest: this.#parts.digest(), ...load }
  }

  /** A parent answered, or a hub that might be one. Says whether to choose again. */
  answered(parent: HubInfo, body: Attached, now: Now): boolean {
    const { children, capacity } = body
    const isLoad = children !== undefined && capacity !== undefined
    if (isLoad) this.#prospects.loaded(parent.hub, { children, capacity }, now)
    const isParent = this.#ties.parents().some(({ hub }) => hub === parent.hub)
    const enquiry = this.#enquiry?.hub === parent.hub ? this.#enquiry : undefined
    if (enquiry !== undefined) this.#enquiry = undefined
    const tieMs = this.#ties.answered(parent.hub, body.accepted, now)
    const rttMs = enquiry === undefined ? tieMs : now.mono - enquiry.at
    if (rttMs !== undefined && this.#parts.rttMsOf(parent.hub) === undefined) {
      this.#prospects.measured(parent.hub, rttMs)
    }
    if (!isParent && body.accepted) this.#ties.pardon(parent.hub)
    return !isParent || !body.accepted || this.#ties.insisted !== undefined
  }

  /** Asks one of those that could be a parent how full it is. */
  #enquire(now: Now, out: Effects): void {
    const { self, links, random } = this.#parts
    const parents = new Set(this.#ties.parents().map(({ hub }) => hub))
    const others = this.#candidates.filter(({ hub, peer }) => !parents.has(hub) && links.has(peer))
    const one = random.pick(others)
    if (one === undefined) return
    this.#enquiry = { hub: one.hub, at: now.mono }
    this.#ask(one.peer, { hub: self.hub, ask: true }, out)
  }

  #ask(to: PeerId, body: Attach, out: Effects): void {
    out.push({ type: 'send', to, message: { kind: 'tier.attach', body } })
  }

  #capacity(tier: HubInfo['tier']): number {
    return tier === 'regional' ? this.#parts.maxRegionalHubs : this.#parts.maxChildHubs
  }
}
