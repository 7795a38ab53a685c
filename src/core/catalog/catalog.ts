// The replicated catalog: every hub writes its own slice, holds everyone's, and reads the join over all of them.
// Writes spread as deltas by gossip; whatever gossip misses, digests between peers find and runs repair.
// The rules C1-C20 stand in docs/ALGORITHMS.md.

import type { HubId } from '../ids.ts'
import type { Effect, Machine } from '../machine.ts'
import type { Millis, Now } from '../time.ts'
import { Absence } from './absence.ts'
import { Author, ownToken } from './author.ts'
import { Burials } from './burials.ts'
import { Cards } from './cards.ts'
import { Collector } from './collector.ts'
import type { Currency } from './currency.ts'
import { attestAll } from './head.ts'
import { Hlc } from './hlc.ts'
import { Intake } from './intake.ts'
import { Opening } from './opening.ts'
import type { CatalogInput, CatalogOptions, CatalogProtocol } from './protocol.ts'
import { Publisher } from './publisher.ts'
import { Quarantine } from './quarantine.ts'
import { type EntryId, entryId, stampsIn } from './record.ts'
import { type Applied, Replicas } from './replicas.ts'
import { Replication } from './replication.ts'
import { repliesTo } from './replies.ts'
import { Reserve } from './reserve.ts'
import type { Trim } from './retention.ts'
import { Shelf } from './shelf.ts'
import type { Run } from './slice.ts'
import { Vetting } from './vetting.ts'

type Effects = Effect<CatalogProtocol>[]

const foreignToken = 2

export class Catalog implements Machine<CatalogProtocol> {
  readonly replicas = new Replicas()
  readonly collector: Collector
  readonly absence: Absence
  readonly reserve: Reserve
  readonly quarantine = new Quarantine()
  readonly cards: Cards
  readonly #options: CatalogOptions
  readonly #hlc: Hlc
  readonly #author: Author
  readonly #publisher = new Publisher()
  readonly #intake: Intake
  readonly #replication: Replication
  readonly #shelf: Shelf
  readonly #burials: Burials
  /** What a slice may take part in: an author who recovers a full earlier epoch beside a full new one stays within it. */
  readonly #maxEntries: number
  readonly #opening: Opening

  constructor(options: CatalogOptions, now: Now) {
    const { hub, maxSliceRecords, removalRetentionMs: retentionMs, sureWall } = options
    const { replicas } = this
    this.#options = options
    this.#hlc = new Hlc(hub, options.maxClockDriftMs, options.isClockRight)
    const own = options.slices.find((slice) => slice.hub === hub)
    attestAll([...options.slices, ...options.reserve], options)
    for (const slice of options.slices)
      replicas.adopt(slice === own || slice.head !== undefined ? slice : slice.unheaded())
    for (const slice of [...options.slices, ...options.reserve])
      for (const stamp of slice.stamps()) this.#hlc.observe(stamp)
    for (const stamp of stampsIn(options.lostOwn?.records ?? [])) this.#hlc.observe(stamp)
    this.#author = new Author({ ...options, hlc: this.#hlc, replicas, maxRecords: maxSliceRecords })
    this.#burials = new Burials(replicas, hub)
    this.#shelf = new Shelf(hub)
    this.#maxEntries = 2 * maxSliceRecords
    this.collector = new Collector({ hub, replicas, retentionMs, sureWall }, now)
    this.absence = new Absence(options.isReturning && own !== undefined)
    const parts = { ...options, replicas, quarantine: this.quarantine, maxEntries: this.#maxEntries }
    const vetting = new Vetting(parts)
    this.#replication = new Replication({ ...parts, vetting }, now)
    this.#intake = new Intake({ ...parts, vetting, replication: this.#replication })
    const forgottenUpTo = (whom: HubId) => this.#burials.epochOf(whom)
    this.cards = new Cards({ ...options, replicas, forgottenUpTo })
    const { reserve: slices, isReturning: isOld } = options
    this.reserve = new Reserve({ ...options, slices, isOld, replicas, forgottenUpTo }, now)
    this.#author.salvage(options.lostOwn?.records ?? [])
    const told = { collector: this.collector, absence: this.absence, burials: this.#burials, reserve: this.reserve }
    this.#opening = new Opening(
      { ...options, ...told, author: this.#author, replication: this.#replication },
      own,
      options.lostOwn?.epoch,
    )
    for (const record of replicas.slice(hub)?.records() ?? []) this.#author.pruneCovered(entryId(record))
  }

  /** Whether the own slice can be written: its epoch is open. */
  get isOpen(): boolean {
    return this.#author.isOpen
  }

  /** Whether the disk refused the last batch. */
  get isStuck(): boolean {
    return this.#author.isStuck
  }

  /** Slices known to be behind what a peer holds. */
  get behind(): number {
    return this.#replication.currency.behind
  }

  isDrifted(now: Now): boolean {
    return this.#hlc.isDrifted(now.wall)
  }

  /** C17: how current what is held is. */
  get currency(): Pick<Currency, 'behindAt' | 'digestsAlive' | 'laggards'> {
    return this.#replication.currency
  }

  deadline(): Millis {
    const parts = [this.#replication, this.#author, this.#publisher, this.#burials, this.collector, this.reserve]
    return Math.min(...parts.map((part) => part.deadline()))
  }

  step(input: CatalogInput, now: Now): readonly Effect<CatalogProtocol>[] {
    const out: Effects = []
    switch (input.type) {
      case 'tick':
        out.push(...this.#replication.tick(now))
        this.#publish(now, out)
        this.#takeBack(now, out)
        this.#bury(now, out)
        this.#collect(this.collector.tick(now, this.behind > 0), now)
        break
      case 'persisted':
        if (input.token === ownToken) this.#stored(input.ok, now, out)
        else this.#shelf.finish(input.ok)
        this.#bury(now, out)
        break
      case 'signed':
        this.#author.signed(input.signature)
        this.#committed(now, out)
        break
      case 'verified': {
        out.push(...this.cards.verified(input, now))
        const run = this.#intake.verified(input, now)
        if (run !== undefined) this.#take(run, now, out)
        break
      }
      case 'write': {
        const refusal = this.#author.submit(input, now)
        const { call } = input
        if (refusal !== undefined && call !== undefined) out.push({ type: 'reply', call, result: refusal })
        break
      }
      case 'message':
        this.#receive(input, now, out)
        break
      case 'link-up':
        this.reserve.linkUp(input.peer)
        out.push(...this.#replication.linkUp(input.peer, now))
        break
      case 'link-down':
        this.reserve.linkDown(input.peer)
        this.cards.dropPeer(input.peer)
        this.#replication.linkDown(input.peer, now)
        break
      case 'alone':
        this.#opening.open(now)
        break
      case 'forget':
        this.#burials.set(input.burial)
        this.cards.forget(input.burial.hub)
        this.#opening.forgotten(input.burial)
        this.#bury(now, out)
        break
    }
    this.#commit(now, out)
    this.#replication.currency.note(now)
    out.push(...this.quarantine.news())
    return out
  }

  // ---- the own slice

  #commit(now: Now, out: Effects): void {
    const foreign = this.#shelf.begin(this.replicas)
    if (foreign !== undefined) out.push({ type: 'persist', batch: foreign, synced: false, token: foreignToken })
    out.push(...this.#author.retry(now), ...this.#author.begin(now))
  }

  #stored(ok: boolean, now: Now, out: Effects): void {
    const wasStuck = this.#author.isStuck
    out.push(...repliesTo(this.#author.stored(ok, now), false))
    if (wasStuck === ok) out.push({ type: 'change', change: { type: 'storage', ok } })
    this.#committed(now, out)
    this.#burials.stir()
  }

  #committed(now: Now, out: Effects): void {
    const wasOpen = this.#author.isOpen
    const done = this.#author.finish()
    if (done === undefined) return
    const { run, trims, answers } = done
    this.replicas.trim(trims)
    if (run !== undefined) {
      this.#applied(run.hub, this.replicas.apply(run), out)
      if (this.#options.strategy !== 'pull') this.#publisher.add(run)
      if (run.from === 0) out.push(...this.#replication.tellAll(now))
      const anew = run.from === 0 ? this.absence.end(run) : undefined
      const opened = { type: 'opened', epoch: run.epoch, ...(anew === undefined ? {} : { anew }) } as const
      if (!wasOpen || anew !== undefined) out.push({ type: 'change', change: opened })
      this.#publish(now, out)
    }
    out.push(...repliesTo(answers, true))
    this.#burials.stir()
  }

  /** C14: drops what the retention is over for: of other slices at once, of the own one with its next batch. */
  #collect(trims: readonly Trim[], now: Now): void {
    const { hub: self } = this.#options
    const own = trims.filter(({ hub }) => hub === self)
    this.#author.trim(own, this.collector.horizon(now))
    const foreign = trims.filter(({ hub }) => hub !== self)
    this.replicas.trim(foreign)
    for (const { hub, id } of foreign) this.#shelf.note(hub, [id])
  }

  #bury(now: Now, out: Effects): void {
    const room = this.#maxEntries - (this.replicas.slice(this.#options.hub)?.breadth ?? 0)
    const dropped = this.#burials.bury(now, room, (writes) => this.#author.submit({ writes, extra: [] }, now))
    for (const { hub, ids } of dropped) {
      this.#shelf.note(hub, ids)
      this.#tell(ids, out)
    }
  }

  #publish(now: Now, out: Effects): void {
    const slice = this.replicas.slice(this.#options.hub)
    const run = slice === undefined ? undefined : this.#publisher.take(slice, now)
    if (run?.head === undefined) return
    const body = { ...run, records: [...run.records], head: run.head }
    out.push({ type: 'publish', topic: 'catalog', message: { kind: 'catalog.delta', body } })
  }

  // ---- other slices

  #receive({ from, message }: CatalogInput & { readonly type: 'message' }, now: Now, out: Effects): void {
    if (message.kind === 'catalog.seek' || message.kind === 'catalog.cards') {
      out.push(...this.cards.receive(from, message, now))
      return
    }
    const { send, runs, isCaughtUp, theirs = [] } = this.#replication.receive(from, message, now)
    // C20: before what is asked of the slices.
    out.push(...this.cards.seek(from, theirs, now), ...send)
    for (const run of runs) this.#offer(run, now, out)
    if (!isCaughtUp) return
    this.reserve.compared(from)
    this.#opening.open(now)
  }

  /** C10: nothing is taken before its author is known to have said it. */
  #offer(run: Run, now: Now, out: Effects): void {
    const fine = this.#intake.offer(run, now, out)
    if (fine !== undefined) this.#take(fine, now, out)
  }

  #take(run: Run, now: Now, out: Effects): void {
    const position = this.#replication.position(run.hub, { epoch: run.epoch, seq: run.to })
    if (position === undefined || run.from > position) return
    if (!this.#intake.isWhole(run, now, out)) return
    // C2: own stamps are above all that was taken.
    for (const stamp of stampsIn(run.records)) this.#hlc.observe(stamp)
    if (run.hub === this.#options.hub) {
      this.#opening.recover(run, now)
      return
    }
    this.collector.witness(run.records, now)
    this.#applied(run.hub, this.replicas.apply(run), out)
    const next = this.#replication.nextAside(run.hub)
    if (next !== undefined) this.#offer(next, now, out)
  }

  #applied(of: HubId, { touched, drained }: Applied, out: Effects): void {
    this.cards.drop(of)
    this.#shelf.applied(of, { touched, drained })
    this.#tell(touched, out)
    for (const id of touched) this.#author.pruneCovered(id)
  }

  /** C14: what nobody else turned out to hold is part of the catalog again. */
  #takeBack(now: Now, out: Effects): void {
    const settled = this.reserve.settle(now, this.behind > 0)
    if (settled === undefined) return
    for (const slice of settled.back)
      this.#applied(slice.hub, this.replicas.takeBack(slice, this.#options.hashing), out)
    this.#shelf.also(settled.ops)
    if (this.isOpen) this.#opening.open(now)
  }

  #tell(ids: readonly EntryId[], out: Effects): void {
    for (const id of ids) {
      out.push({ type: 'change', change: { type: 'entry', id, exists: this.replicas.exists(id) } })
    }
  }
}
