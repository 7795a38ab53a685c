// Keeping replicas equal: who is linked, what each peer says it holds, which runs to fetch and to serve. Comparing finds
// where two differ (C11); who finds it asks for what it lacks itself, and brings what the other lacks, as far as that is short.

import type { HubId, PeerId } from '../ids.ts'
import type { Effect } from '../machine.ts'
import { type Millis, type Now, never } from '../time.ts'
import { Census } from './census.ts'
import { type Compared, Comparison, type Found } from './comparison.ts'
import { Currency } from './currency.ts'
import { Gaps } from './gaps.ts'
import { smallestFirst } from './lack.ts'
import type { DigestBody, ListedVersion, Outgoing, PartBody, SyncMessage, WantBody } from './messages.ts'
import { Packer, partsIn, wantsIn } from './packing.ts'
import { Past } from './past.ts'
import type { CatalogOptions, CatalogProtocol } from './protocol.ts'
import type { Quarantine, QuarantineReason } from './quarantine.ts'
import type { Replicas } from './replicas.ts'
import { isSurplus, type Run, type Version } from './slice.ts'
import { Source } from './source.ts'
import { wholeRun } from './stages.ts'
import { Fetches, type Promised, type Request } from './sync.ts'
import type { Vetting } from './vetting.ts'

/** What a message brought. */
export interface Brought {
  readonly send: readonly Effect<CatalogProtocol>[]
  /** Runs to take, in order. */
  readonly runs: readonly Run[]
  /** Whether this peer has nothing more to teach about the own slice (C13). */
  readonly isCaughtUp: boolean
  /** Versions that this peer was found to hold further. */
  readonly theirs?: readonly ListedVersion[]
}

export interface ReplicationOptions extends Pick<CatalogOptions, 'hub' | 'random' | 'syncIntervalMs' | 'strategy'> {
  readonly replicas: Replicas
  readonly vetting: Vetting
  readonly quarantine: Quarantine
  /** Most records of a run. */
  readonly maxEntries: number
}

const nothing: Brought = { send: [], runs: [], isCaughtUp: false }
const worthless = { type: 'change', change: { type: 'dropped', reason: 'worthless-summary' } } as const
/** Short runs that a peer gets unasked when others may bring them as well. */
const fewRuns = 4
/** Sync intervals after which a delta put aside is given up. */
const asideIntervals = 3
/** A gap noticed in gossip is closed by a digest this soon. */
const repairMs = 200

export class Replication {
  readonly currency: Currency
  readonly #options: ReplicationOptions
  readonly #fetches: Fetches
  readonly #source: Source
  readonly #gaps = new Gaps()
  readonly #peers = new Set<PeerId>()
  readonly #packer: Packer
  readonly #census: Census
  readonly #comparison: Comparison
  readonly #past: Past
  #syncAt: Millis

  constructor(options: ReplicationOptions, now: Now) {
    this.#options = options
    this.#fetches = new Fetches(options.maxEntries)
    this.#source = new Source(options.replicas)
    this.#census = new Census(options.syncIntervalMs, now.mono)
    this.#comparison = new Comparison(options.replicas.roster, this.#census)
    this.#packer = new Packer(options.replicas.roster, (peer) => this.#comparison.isBrief(peer))
    this.#past = new Past(options.hub, options.replicas)
    const { vetting } = options
    const { roster } = options.replicas
    this.currency = new Currency({ roster, census: this.#census, fetches: this.#fetches, gaps: this.#gaps, vetting })
    this.#syncAt = this.#after(options.random.real(), now)
  }

  /** The highest number of an epoch of the own slice that a peer holds. */
  get highestOwn(): number {
    return this.#past.highest
  }

  /** C13: a run of the own slice was taken over; its like is no news any more. */
  absorb(run: Run): void {
    this.#past.absorb(run)
  }

  deadline(): Millis {
    return Math.min(this.#peers.size > 0 ? this.#syncAt : never, this.#fetches.deadline())
  }

  #after(intervals: number, now: Now): Millis {
    return this.#options.strategy === 'push' ? never : now.mono + intervals * this.#options.syncIntervalMs
  }

  linkUp(peer: PeerId, now: Now): Outgoing[] {
    this.#peers.add(peer)
    return [this.#comparison.ask(peer, now)]
  }

  linkDown(peer: PeerId, now: Now): void {
    this.#peers.delete(peer)
    this.#packer.forget(peer)
    this.#comparison.drop(peer)
    this.#source.dropPeer(peer)
    if (this.#fetches.dropPeer(peer, now)) this.#syncAt = Math.min(this.#syncAt, now.mono + repairMs)
  }

  /** Tells every linked peer at once; after a new epoch of the own slice. */
  tellAll(now: Now): Outgoing[] {
    return [...this.#peers].map((peer) => this.#comparison.ask(peer, now))
  }

  tick(now: Now): Outgoing[] {
    const { requests, silent } = this.#fetches.retry(now)
    for (const promised of silent) this.bar(promised, 'withheld', now)
    const out = this.#asSends(requests)
    if (this.#syncAt <= now.mono) {
      this.#gaps.expire(now.mono - asideIntervals * this.#options.syncIntervalMs)
      this.#syncAt = this.#after(0.75 + 0.5 * this.#options.random.real(), now)
      const peer = this.#options.random.pick(this.#trusted(now))
      if (peer !== undefined) out.push(this.#comparison.ask(peer, now, true))
    }
    return [...out, ...this.#start(now)]
  }

  /** C10: that slice is not taken from that peer for a while; somebody else is asked soon. */
  bar(promised: Promised, reason: QuarantineReason, now: Now): void {
    this.#options.quarantine.add({ ...promised, reason }, now.mono)
    this.#fetches.unwish(promised, reason !== 'withheld')
    this.#syncAt = Math.min(this.#syncAt, now.mono + repairMs)
  }

  /** C10: whose part of that run is false nobody knows: it is soon fetched from one peer alone. */
  seekAlone({ hub, epoch, to: seq }: Run, now: Now): void {
    this.#fetches.seekAlone(hub, { epoch, seq })
    this.#syncAt = Math.min(this.#syncAt, now.mono + repairMs)
  }

  /** Those of whom nothing is quarantined; everybody where there are none. */
  #trusted(now: Now): PeerId[] {
    const peers = [...this.#peers]
    const doubted = this.#options.quarantine.peers(now.mono)
    const trusted = peers.filter((peer) => !doubted.has(peer))
    return trusted.length > 0 ? trusted : peers
  }

  /** Where this hub stands in that epoch of a slice; of its own slice it takes whatever peers hold (C13). */
  readonly position = (hub: HubId, version: Version): number | undefined =>
    hub === this.#options.hub ? 0 : this.#options.replicas.position(hub, version)

  /** After a run was taken: the next delta that was waiting for it. */
  nextAside(hub: HubId): Run | undefined {
    const version = this.#options.replicas.slice(hub)?.version
    return version === undefined ? undefined : this.#gaps.next(hub, version)
  }

  receive(from: PeerId, message: SyncMessage, now: Now): Brought {
    const { roster } = this.#options.replicas
    switch (message.kind) {
      case 'catalog.delta':
        return this.#delta(message.body, from, now)
      case 'catalog.digest':
        this.#hear(from, message.body, now)
        return this.#settle(from, this.#comparison.digest(from, message.body, { now, isOpen: this.#isOpen }), now)
      case 'catalog.versions':
        return this.#settle(from, this.#comparison.versions(from, message.body, now), now)
      case 'catalog.sketch':
        return this.#settle(from, this.#comparison.sketch(from, message.body, now), now)
      case 'catalog.doubt':
        return this.#settle(from, this.#comparison.doubt(from, message.body, now), now)
      case 'catalog.seqs':
        return this.#settle(from, this.#comparison.seqs(from, message.body, now), now)
      case 'catalog.want':
        return this.#serve(from, message.body.wants)
      case 'catalog.part':
        return this.#take(from, message.body.parts, now)
      case 'catalog.ask': {
        const wants = wantsIn(message.body, roster)
        return wants === undefined ? this.#again(from, now) : this.#serve(from, wants)
      }
      case 'catalog.runs': {
        const parts = partsIn(message.body, roster)
        return parts === undefined ? this.#again(from, now) : this.#take(from, parts, now)
      }
    }
  }

  get #isOpen(): boolean {
    return this.#options.replicas.slice(this.#options.hub) !== undefined
  }

  /** What was said of places is of another roster: it is compared anew. */
  #again(from: PeerId, now: Now): Brought {
    return { ...nothing, send: [this.#comparison.ask(from, now)] }
  }

  /** C8: a delta applies only where this replica stands inside of it; one from further on waits. */
  #delta(delta: Run, from: PeerId, now: Now): Brought {
    const run: Run = { ...delta, source: from, isMixed: false }
    const { hub, epoch, to: seq } = run
    const { quarantine, replicas, vetting } = this.#options
    if (hub === this.#options.hub || seq <= run.from || quarantine.has(from, hub, now.mono)) return nothing
    const have = replicas.position(hub, { epoch, seq })
    if (have === undefined) return nothing
    if (run.from <= have) return { ...nothing, runs: [run] }
    this.#gaps.keep(run, now.mono)
    // What lies before may have arrived already.
    if (vetting.has(hub)) return nothing
    this.#syncAt = Math.min(this.#syncAt, now.mono + repairMs)
    if (!this.#peers.has(from)) return nothing
    this.#fetches.wish(hub, { peer: from, version: { epoch, seq }, have })
    return { ...nothing, send: this.#start(now) }
  }

  /** What a comparison came to: wishes for what the peer holds further, and what it lacks on its way. */
  #settle(from: PeerId, { send, digest, found, isWorthless = false }: Compared, now: Now): Brought {
    if (digest !== undefined) this.#hear(from, { digest }, now)
    if (isWorthless) return { ...nothing, send: [...send, worthless] }
    if (found === undefined) return { ...nothing, send }
    const { hub: self, vetting, quarantine } = this.#options
    let isCaughtUp = !this.#fetches.seeks(self, from) && !vetting.has(self)
    for (const [hub, epoch, seq] of found.theirs) {
      if (quarantine.has(from, hub, now.mono)) continue
      if (this.#consider(from, hub, { epoch, seq })) isCaughtUp = false
    }
    const { theirs } = found
    return { send: [...send, ...this.#bring(from, found), ...this.#start(now)], runs: [], isCaughtUp, theirs }
  }

  /** Wishes for a version that the peer holds further; returns whether it is of the own slice, which has rules of its own. */
  #consider(from: PeerId, hub: HubId, version: Version): boolean {
    if (hub === this.#options.hub) {
      if (!this.#past.isNews(version)) return false
      this.#fetches.wish(hub, { peer: from, version, have: 0 })
      return true
    }
    const have = isSurplus(version.epoch) ? undefined : this.#options.replicas.position(hub, version)
    if (have !== undefined) this.#fetches.wish(hub, { peer: from, version, have })
    return false
  }

  /** Short runs that the peer lacks are on their way at once; of the rest it hears, and asks for it. */
  #bring(to: PeerId, { lacking, isAsked, isSole }: Found): Outgoing[] {
    // When halves meet, every link across finds the same differences: what is asked for comes once.
    const all = smallestFirst(lacking)
    const first = isSole ? all : all.slice(0, fewRuns)
    const { pages, rest: left } = this.#source.shortRuns(first)
    const rest = [...left, ...all.slice(first.length).map(({ version }) => version)]
    const out = pages.map(({ parts }) => this.#packer.answer(to, parts))
    if (isAsked) return [...out, ...this.#comparison.answer(to, rest)]
    return rest.length > 0 ? [...out, this.#comparison.offer(to, rest)] : out
  }

  #serve(to: PeerId, wants: readonly WantBody[]): Brought {
    const parts = this.#source.answer(to, wants)
    return { ...nothing, send: parts.length === 0 ? [] : [this.#packer.answer(to, parts)] }
  }

  /** Parts that were asked for, and whole runs that a peer found to be lacking here: those are judged like deltas. */
  #take(from: PeerId, parts: readonly PartBody[], now: Now): Brought {
    const { runs, requests, strays, withheld } = this.#fetches.receive(from, parts, { now, have: this.position })
    // C13: what was left of the own slice may be gone by now, because this hub has said it anew.
    for (const promised of withheld) if (promised.hub !== this.#options.hub) this.bar(promised, 'withheld', now)
    const believed = strays.filter(({ hub }) => !this.#options.quarantine.has(from, hub, now.mono))
    const brought = believed.flatMap((part) => this.#offered(from, part) ?? [])
    const send = [...this.#asSends(requests), ...this.#start(now)]
    return { ...nothing, send, runs: [...runs, ...brought] }
  }

  /** A whole run that fits what is held. Of the own slice it says that the peer holds more, as a list would. */
  #offered(from: PeerId, part: PartBody): Run | undefined {
    const run = wholeRun(part, from)
    if (run === undefined) return undefined
    const { hub, epoch, to: seq } = run
    if (hub === this.#options.hub) {
      this.#consider(from, hub, { epoch, seq })
      return undefined
    }
    const position = this.#options.replicas.position(hub, { epoch, seq })
    return position === undefined || run.from > position ? undefined : run
  }

  #hear(from: PeerId, { digest, held = [] }: Pick<DigestBody, 'digest' | 'held'>, { mono }: Now): void {
    this.#packer.hear(from, digest)
    this.#census.hold(this.#options.replicas.digest(), mono)
    this.#census.hear(digest, held, mono)
  }

  #start(now: Now): Outgoing[] {
    return this.#asSends(this.#fetches.start(now, this.position))
  }

  #asSends(requests: readonly Request[]): Outgoing[] {
    return requests.map((request) => this.#packer.request(request))
  }
}
