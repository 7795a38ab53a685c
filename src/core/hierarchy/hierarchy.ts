// Who relays for whom. A hub attaches to two parents above it, keeps links to its pools and parents, reports its pools
// to the federation when it is a relay, and judges hubs of other pools by the reports it hears.
// All state here is mergeable belief: several hubs may hold any role at once, and losing one costs nothing but a relay.

import type { HubId, PeerId } from '../ids.ts'
import type { Effect, Machine } from '../machine.ts'
import type { Random } from '../random.ts'
import { type Millis, type Now, never } from '../time.ts'
import { type HubInfo, type Statement, statementOf } from '../wire.ts'
import type { Foreign, Judgement } from './foreigners.ts'
import { Guests } from './guests.ts'
import { Keep } from './keep.ts'
import { inParts, type TierMessage, type Word } from './messages.ts'
import { Neighbours } from './neighbours.ts'
import { Parentage } from './parentage.ts'
import { type PoolMember, Pools } from './pools.ts'
import type { HierarchyInput, HierarchyProtocol } from './protocol.ts'
import { Reporting } from './reporting.ts'
import { isBackbone, poolsOf, sharesPool } from './tiers.ts'

export interface HierarchyOptions {
  readonly self: HubInfo
  /** What this hub says of itself at birth. */
  readonly word: Statement
  readonly random: Random
  /** The names of the pools this hub is a member of. */
  readonly pools: readonly string[]
  readonly preferredParents: readonly HubId[]
  readonly maxRegionalHubs: number
  readonly maxChildHubs: number
  readonly poolLinks: number
  /** Above these, links that are not needed end. */
  readonly maxLinks: number
  readonly reportIntervalMs: Millis
  readonly attachIntervalMs: Millis
  readonly deadRetentionMs: Millis
  /** The round trip to a hub that membership measured; undefined where it did not. */
  readonly rttMsOf: (hub: HubId) => Millis | undefined
}

type Effects = Effect<HierarchyProtocol>[]

/** While a hub learns of a federation of more than a few, one change follows the other: links are chosen for many at once. */
const few = 32
const relinkPauseMs: Millis = 100

export class Hierarchy implements Machine<HierarchyProtocol> {
  readonly #options: HierarchyOptions
  readonly #pools: Pools
  readonly #reporting: Reporting
  readonly #parentage: Parentage
  readonly #keep: Keep
  readonly #neighbours: Neighbours
  readonly #guests: Guests
  readonly #links = new Map<PeerId, HubInfo>()
  #word: Statement
  #hasLeft = false
  /** When links are to be chosen again: at once after a change, but once for all changes of that moment. */
  #relinkAt: Millis = never
  /** Not before, however much changes. */
  #restsUntil: Millis = Number.NEGATIVE_INFINITY

  constructor(options: HierarchyOptions, now: Now) {
    this.#options = options
    this.#word = options.word
    this.#pools = new Pools(options.self, options.pools)
    const { self, random } = options
    this.#keep = new Keep(self)
    this.#neighbours = new Neighbours({ self, degree: options.poolLinks, random }, now)
    this.#guests = new Guests(options.maxLinks)
    const around = { pools: this.#pools, links: this.#links, parents: () => this.parents() }
    this.#reporting = new Reporting({ ...options, ...around, ownWord: () => this.#word }, now)
    this.#parentage = new Parentage({ ...options, ...around, digest: () => this.#reporting.comparing.digest() }, now)
  }

  foreign(): ReadonlyMap<HubId, Foreign> {
    return this.#reporting.foreigners.all()
  }

  parents(): HubInfo[] {
    return this.#parentage.parents()
  }

  children(): HubInfo[] {
    return this.#parentage.children()
  }

  /** H12: this hub has more children than it should, or a parent that has. */
  get isOverfull(): boolean {
    return this.#parentage.isOverfull
  }

  kept(): ReadonlyMap<PeerId, HubInfo> {
    return this.#keep.kept()
  }

  /** The peers this hub keeps pool links to: in a pool larger than the link degree it probes only these. */
  watched(): ReadonlySet<PeerId> {
    return this.#neighbours.watched()
  }

  deadline(): Millis {
    if (this.#hasLeft) return never
    return Math.min(this.#parentage.deadline(), this.#reporting.deadline(), this.#relinkAt)
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
        this.#reporting.unsettle()
        this.#stir(now)
        break
      case 'self':
        this.#word = input.word
        this.#reporting.announce(now)
        break
      case 'link-up':
        this.#links.set(input.info.peer, input.info)
        this.#guests.arrived(input.info.peer, now)
        this.#introduce(input.info, out)
        this.#parentage.stir(input.info.hub, now)
        this.#stir(now)
        break
      case 'link-down': {
        const lost = this.#links.get(input.peer)
        this.#links.delete(input.peer)
        this.#guests.gone(input.peer)
        if (lost !== undefined) this.#parentage.stir(lost.hub, now)
        break
      }
      case 'book':
        this.#neighbours.remember(input.infos)
        this.#relink(now, out)
        break
      case 'forget':
        this.#neighbours.forget(input.hub)
        this.#take(this.#reporting.foreigners.forget(input.hub, input.incarnation), now, out)
        break
      case 'leave':
        this.#hasLeft = true
        this.#word = input.word
        this.#reporting.leave(out)
        break
    }
    return out
  }

  #tick(now: Now, out: Effects): void {
    if (this.#hasLeft) return
    this.#take(this.#reporting.tick(now, out), now, out)
    if (this.#parentage.deadline() <= now.mono) this.#tend(now, out)
    if (this.#relinkAt <= now.mono) this.#relink(now, out)
    this.#parentage.speak(now, out)
  }

  /** Notices broken ties, and chooses again where a parent is missing or another may be better. */
  #tend(now: Now, out: Effects): void {
    const { broken, isRestless } = this.#parentage.tend(now, out)
    for (const info of broken) this.#take(this.#reporting.foreigners.witnessDeath(info, now), now, out)
    if (isRestless) this.#stir(now)
  }

  // ---- messages

  #receive({ from, message }: HierarchyInput & { type: 'message' }, now: Now, out: Effects): void {
    const sender = this.#links.get(from)
    switch (message.kind) {
      case 'tier.report': {
        // What is published reaches hubs that are not linked with its author; what is handed on comes over a link.
        const isOwnVoice = sender === undefined || sender.hub === message.body.reporter
        this.#take(this.#reporting.believe({ report: message.body, from, isOwnVoice }, now, out), now, out)
        break
      }
      case 'tier.introduction':
        if (sender !== undefined) this.#take(this.#reporting.foreigners.meet(message.body.words, now), now, out)
        break
      case 'tier.compare':
        if (sender !== undefined)
          this.#reporting.comparing.compared({ from: sender, digest: message.body.digest }, now, out)
        break
      case 'tier.ledgers':
        if (sender !== undefined) this.#reporting.comparing.listed({ from: sender, body: message.body }, now, out)
        break
      case 'tier.request':
        if (sender !== undefined) this.#reporting.comparing.answer(from, message.body.reporters, out)
        break
      case 'tier.attach':
        if (sender?.hub !== message.body.hub) break
        this.#reporting.hear(sender.hub, now)
        this.#send(from, { kind: 'tier.attached', body: this.#parentage.adopt(sender, message.body, now) }, out)
        break
      case 'tier.attached':
        if (sender?.hub !== message.body.hub) break
        this.#reporting.hear(sender.hub, now)
        if (this.#parentage.answered(sender, message.body, now)) this.#stir(now)
        this.#vouch(sender, message.body.digest, { now, out })
        break
    }
  }

  /** H10: what a hub of the backbone holds alike stands; else both list what they hold. */
  #vouch(by: HubInfo, digest: string | undefined, { now, out }: { now: Now; out: Effects }): void {
    if (digest === undefined || !isBackbone(by.tier) || this.#reporting.comparing.vouched(digest, now)) return
    this.#reporting.comparing.list({ to: by.peer, reply: true }, out)
    this.#parentage.differs(by.hub, now)
  }

  // ---- beliefs

  /** A member of an own pool changed: its tie, the reporters' worth, what is reported and the links depend on it. */
  #rethink(member: PoolMember, now: Now, out: Effects): void {
    this.#settle(member.info.hub, member.status)
    this.#reporting.announce(now)
    const { foreigners } = this.#reporting
    foreigners.enters(member.info.hub)
    const isReporter = this.#reporting.isReporter(member.info.hub)
    if (isReporter && member.status !== 'alive') this.#take(this.#reporting.review(now), now, out)
    else if (isReporter) this.#reporting.weigh(member.info.hub, now)
    this.#stir(now)
  }

  #take(judgements: readonly Judgement[], now: Now, out: Effects): void {
    if (judgements.length === 0) return
    for (const change of judgements) {
      if (change.type === 'foreign') this.#settle(change.verdict.info.hub, change.verdict.status)
      out.push({ type: 'change', change })
    }
    this.#reporting.announce(now)
    this.#stir(now)
  }

  #settle(hub: HubId, status: Word['status']): void {
    this.#neighbours.met(hub)
    if (status !== 'suspect') this.#parentage.settle(hub, status !== 'alive')
  }

  // ---- links

  /** Something that links are chosen by has changed. */
  #stir(now: Now): void {
    this.#relinkAt = Math.min(this.#relinkAt, Math.max(now.mono, this.#restsUntil))
  }

  /** Chooses parents, then the links to keep. */
  #relink(now: Now, out: Effects): void {
    const foreign = this.#reporting.foreigners.all()
    const living = new Map<HubId, HubInfo>()
    for (const all of [foreign, ...this.#pools.byName().values()]) {
      for (const { info, status } of all.values()) if (status === 'alive') living.set(info.hub, info)
    }
    if (living.size > few) this.#restsUntil = now.mono + relinkPauseMs
    const parents = this.#parentage.choose([...living.values()], now, out)
    const wanted = this.#neighbours.choose({ pools: this.#pools.byName(), foreign: foreign.values(), parents }, now)
    out.push(...this.#keep.update(wanted))
    this.#relinkAt = Math.min(this.#neighbours.deadline(), this.#release(now, out))
  }

  /** Ends links beyond the limit that no end needs; returns when to look again. */
  #release(now: Now, out: Effects): Millis {
    const kept = this.#keep.kept()
    const isNeeded = (peer: PeerId): boolean => kept.has(peer) || this.#parentage.isChild(this.#links.get(peer)?.hub)
    const { peers, again } = this.#guests.release(isNeeded, now)
    for (const peer of peers) out.push({ type: 'release', peer })
    return again
  }

  // ---- words

  /** Tells a newly linked peer of those it will want links to: its own pools, and who can be its parent. */
  #introduce(to: HubInfo, out: Effects): void {
    const theirs = new Set(poolsOf(to))
    const common = this.#options.pools.filter((pool) => theirs.has(pool))
    // The greeting of a common pool tells of its members.
    const isGreeted = (info: HubInfo): boolean => poolsOf(info).some((pool) => common.includes(pool))
    const known = [...this.#pools.all(), ...this.#reporting.foreigners.all().values()].filter(
      ({ info, status }) => status === 'alive' && !isGreeted(info) && (isBackbone(info.tier) || sharesPool(info, to)),
    )
    for (const words of inParts([this.#word, ...known.map(statementOf)])) {
      this.#send(to.peer, { kind: 'tier.introduction', body: { words } }, out)
    }
  }

  #send(to: PeerId, message: TierMessage, out: Effects): void {
    out.push({ type: 'send', to, message })
  }
}
