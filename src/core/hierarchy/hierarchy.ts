// Who relays for whom. A hub attaches to two parents above it, keeps links to its pools and parents, reports its pools
// to the federation when it is a relay, and judges hubs of other pools by the reports it hears.
// All state here is mergeable belief: several hubs may hold any role at once, and losing one costs nothing but a relay.

import type { HubId, PeerId } from '../ids.ts'
import type { Effect, Machine, Tick } from '../machine.ts'
import type { Random } from '../random.ts'
import { type Millis, type Now, never } from '../time.ts'
import { type HubInfo, statementOf } from '../wire.ts'
import { type Foreign, Foreigners, type Judgement } from './foreigners.ts'
import { Keep } from './keep.ts'
import { inParts, type TierMessage, type Word } from './messages.ts'
import { Neighbours } from './neighbours.ts'
import { type PoolMember, Pools } from './pools.ts'
import { Reports } from './reports.ts'
import { chooseParents } from './routes.ts'
import { isBackbone, sharesPool } from './tiers.ts'
import { Ties } from './ties.ts'

export type HierarchyInput =
  | Tick
  | { readonly type: 'message'; readonly from: PeerId; readonly message: TierMessage }
  | { readonly type: 'member'; readonly pool: string; readonly member: PoolMember }
  | { readonly type: 'member-dropped'; readonly pool: string; readonly hub: HubId }
  | { readonly type: 'incarnation'; readonly incarnation: number }
  | { readonly type: 'link-up'; readonly info: HubInfo }
  | { readonly type: 'link-down'; readonly peer: PeerId }
  /** Hubs remembered from an earlier run. */
  | { readonly type: 'book'; readonly infos: readonly HubInfo[] }
  | { readonly type: 'leave' }

export type HierarchyChange = Judgement | { readonly type: 'parents'; readonly parents: readonly HubId[] }

export interface HierarchyProtocol {
  readonly input: HierarchyInput
  readonly message: TierMessage
  readonly change: HierarchyChange
  readonly result: never
}

export interface HierarchyOptions {
  readonly self: HubInfo
  readonly incarnation: number
  readonly random: Random
  /** The names of the pools this hub is a member of. */
  readonly pools: readonly string[]
  readonly preferredParents: readonly HubId[]
  readonly maxRegionalHubs: number
  readonly maxChildHubs: number
  readonly poolLinks: number
  readonly reportIntervalMs: Millis
  readonly attachIntervalMs: Millis
  readonly deadRetentionMs: Millis
}

type Effects = Effect<HierarchyProtocol>[]

const parentCount = 2
/** Reports that follow a change wait this long for company. */
const coalesceMs = 200
/** A reporter is silent after this many report intervals. */
const silentAfter = 3.5

export class Hierarchy implements Machine<HierarchyProtocol> {
  readonly #options: HierarchyOptions
  readonly #pools: Pools
  readonly #reports: Reports
  readonly #foreigners: Foreigners
  readonly #ties: Ties
  readonly #keep: Keep
  readonly #neighbours: Neighbours
  readonly #links = new Map<PeerId, HubInfo>()
  /** Hubs whose word changed since the last report. */
  readonly #news = new Set<HubId>()
  #incarnation: number
  #hasLeft = false
  #attachAt: Millis
  #reportAt: Millis
  #newsAt: Millis = never
  /** When links are to be chosen again: at once after a change, but once for all changes of that moment. */
  #relinkAt: Millis = never

  constructor(options: HierarchyOptions, now: Now) {
    this.#options = options
    this.#incarnation = options.incarnation
    this.#pools = new Pools(options.self, options.pools)
    this.#reports = new Reports(silentAfter * options.reportIntervalMs)
    const { deadRetentionMs, self } = options
    this.#foreigners = new Foreigners({ self: self.hub, reports: this.#reports, pools: this.#pools, deadRetentionMs })
    this.#keep = new Keep(self)
    this.#neighbours = new Neighbours({ self, degree: options.poolLinks, random: options.random }, now)
    this.#ties = new Ties(options.attachIntervalMs)
    this.#attachAt = now.mono + options.random.real() * options.attachIntervalMs
    this.#reportAt = now.mono + options.random.real() * options.reportIntervalMs
  }

  foreign(): ReadonlyMap<HubId, Foreign> {
    return this.#foreigners.all()
  }

  parents(): HubInfo[] {
    return this.#ties.parents()
  }

  children(): HubInfo[] {
    return this.#ties.children()
  }

  kept(): ReadonlyMap<PeerId, HubInfo> {
    return this.#keep.kept()
  }

  /** The peers this hub keeps pool links to: in a pool larger than the link degree it probes only these. */
  watched(): ReadonlySet<PeerId> {
    return this.#neighbours.watched()
  }

  deadline(): Millis {
    return this.#hasLeft ? never : Math.min(this.#attachAt, this.#reportAt, this.#newsAt, this.#relinkAt)
  }

  step(input: HierarchyInput, now: Now): readonly Effect<HierarchyProtocol>[] {
    const out: Effects = []
    switch (input.type) {
      case 'tick':
        this.#tick(now, out)
        break
      case 'message':
        this.#receive(input, now, out)
        break
      case 'member':
        this.#pools.set(input.pool, input.member)
        this.#rethink(input.member, now, out)
        break
      case 'member-dropped':
        this.#pools.drop(input.pool, input.hub)
        this.#relinkAt = now.mono
        break
      case 'incarnation':
        this.#incarnation = input.incarnation
        this.#announce(this.#options.self.hub, now)
        break
      case 'link-up':
        this.#links.set(input.info.peer, input.info)
        this.#introduce(input.info, out)
        this.#relink(now, out)
        break
      case 'link-down':
        this.#links.delete(input.peer)
        break
      case 'book':
        this.#neighbours.remember(input.infos)
        this.#relink(now, out)
        break
      case 'leave':
        this.#hasLeft = true
        this.#report([this.#ownWord()], out)
        break
    }
    return out
  }

  #tick(now: Now, out: Effects): void {
    if (this.#hasLeft) return
    if (this.#attachAt <= now.mono) {
      this.#attachAt = now.mono + this.#options.attachIntervalMs
      this.#tend(now, out)
    }
    if (this.#reportAt <= now.mono) {
      this.#reportAt = now.mono + this.#options.reportIntervalMs * (0.9 + 0.2 * this.#options.random.real())
      this.#report(this.#pools.owed(this.#ownWord()), out)
      this.#take(this.#foreigners.review(now), now, out)
    } else if (this.#newsAt <= now.mono) {
      const news = this.#pools.owed(this.#ownWord()).filter((word) => this.#news.has(word.info.hub))
      this.#report(news, out)
    }
    if (this.#relinkAt <= now.mono) this.#relink(now, out)
  }

  // ---- ties

  /** Speaks to the parents, notices broken ties, and chooses again. */
  #tend(now: Now, out: Effects): void {
    const lost = this.#ties.sever(now)
    for (const info of lost) this.#take(this.#foreigners.witnessDeath(info, now), now, out)
    if (lost.length > 0 || this.#ties.parents().length < parentCount) this.#relink(now, out)
    for (const parent of this.#ties.parents()) {
      this.#send(parent.peer, { kind: 'tier.attach', body: { hub: this.#options.self.hub } }, out)
    }
  }

  // ---- messages

  #receive({ from, message }: HierarchyInput & { type: 'message' }, now: Now, out: Effects): void {
    const sender = this.#links.get(from)
    switch (message.kind) {
      case 'tier.report':
        if (message.body.reporter === this.#options.self.hub) break
        this.#reports.hear(message.body.reporter, now)
        this.#take(this.#foreigners.believe(message.body.reporter, message.body.words, now), now, out)
        break
      case 'tier.introduction':
        if (sender !== undefined) this.#take(this.#foreigners.meet(message.body.words, now), now, out)
        break
      case 'tier.attach': {
        if (sender?.hub !== message.body.hub) break
        this.#reports.hear(sender.hub, now)
        const { maxRegionalHubs, maxChildHubs } = this.#options
        const accepted = this.#ties.adopt(sender, sender.tier === 'regional' ? maxRegionalHubs : maxChildHubs, now)
        this.#send(from, { kind: 'tier.attached', body: { hub: this.#options.self.hub, accepted } }, out)
        break
      }
      case 'tier.attached':
        if (sender?.hub !== message.body.hub) break
        this.#reports.hear(sender.hub, now)
        this.#ties.answered(sender.hub, message.body.accepted, now)
        break
    }
  }

  // ---- beliefs

  /** A member of an own pool changed: its tie, the reporters' worth, what is reported and the links depend on it. */
  #rethink(member: PoolMember, now: Now, out: Effects): void {
    this.#settle(member.info.hub, member.status)
    this.#announce(member.info.hub, now)
    this.#foreigners.enters(member.info.hub)
    if (member.status !== 'alive') this.#take(this.#foreigners.review(now), now, out)
    this.#relinkAt = now.mono
  }

  #take(judgements: readonly Judgement[], now: Now, out: Effects): void {
    if (judgements.length === 0) return
    for (const change of judgements) {
      if (change.type === 'foreign') this.#settle(change.verdict.info.hub, change.verdict.status)
      out.push({ type: 'change', change })
    }
    this.#relinkAt = now.mono
  }

  #settle(hub: HubId, status: Word['status']): void {
    this.#neighbours.met(hub)
    if (status === 'alive') this.#ties.pardon(hub)
    if (status === 'dead' || status === 'left') this.#ties.drop(hub)
  }

  // ---- links

  /** Chooses parents, then the links to keep. */
  #relink(now: Now, out: Effects): void {
    const { self, preferredParents } = this.#options
    const outsiders = [...this.#foreigners.all().values()].filter((foreign) => foreign.status === 'alive')
    const insiders = this.#pools.all().filter((member) => member.status === 'alive')
    const candidates = [...insiders, ...outsiders].filter(({ info }) => !this.#ties.isAvoided(info.hub, now))
    const parents = chooseParents({ ...self, preferred: preferredParents }, candidates, parentCount)
    if (this.#ties.choose(parents, now)) {
      out.push({ type: 'change', change: { type: 'parents', parents: parents.map((info) => info.hub) } })
    }
    const known = { pools: this.#pools.byName(), foreign: this.#foreigners.all().values(), parents }
    const wanted = this.#neighbours.choose(known, now)
    this.#relinkAt = this.#neighbours.deadline()
    out.push(...this.#keep.update(wanted))
  }

  // ---- reports

  #ownWord(): Word {
    const status = this.#hasLeft ? 'left' : 'alive'
    return { info: this.#options.self, incarnation: this.#incarnation, status }
  }

  #report(words: readonly Word[], out: Effects): void {
    this.#news.clear()
    this.#newsAt = never
    for (const part of inParts(words)) {
      const message: TierMessage = { kind: 'tier.report', body: { reporter: this.#options.self.hub, words: part } }
      out.push({ type: 'publish', topic: 'members', message })
    }
  }

  /** Queues a changed word for the next report. */
  #announce(hub: HubId, now: Now): void {
    this.#news.add(hub)
    this.#newsAt = Math.min(this.#newsAt, now.mono + coalesceMs)
  }

  /** Tells a newly linked peer of those it will want links to: its own pools, and who can be its parent. */
  #introduce(to: HubInfo, out: Effects): void {
    const known = [...this.#pools.all(), ...this.#foreigners.all().values()].filter(
      ({ info, status }) => status === 'alive' && (isBackbone(info.tier) || sharesPool(info, to)),
    )
    for (const words of inParts([this.#ownWord(), ...known.map(statementOf)])) {
      this.#send(to.peer, { kind: 'tier.introduction', body: { words } }, out)
    }
  }

  #send(to: PeerId, message: TierMessage, out: Effects): void {
    out.push({ type: 'send', to, message })
  }
}
